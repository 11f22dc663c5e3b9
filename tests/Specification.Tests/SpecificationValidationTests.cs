using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class SpecificationValidationTests
{
    const string Named = "model: { path: m }\njudge: { path: p }\nprompts: { path: q }\n";

    static string[] Problems(params string[] settings) =>
        [.. SpecificationValidator.Validate(SpecificationYaml.Parse(Named, "test", settings), checkFiles: false).Select(p => p.ToString())];

    [Fact]
    public void Validation_WhenPathsAreNamed_AcceptsTheDefaults() => Assert.Empty(Problems());

    [Theory]
    [InlineData("sampling.candidates=1", "sampling.candidates: found 1; expected 2 to 1024. A pair needs two candidates; the paper uses 4.")]
    [InlineData("sampling.divert_start_step=20", "sampling.divert_start_step: found 20; expected 0 to 19 with 20 steps.")]
    [InlineData("sampling.divert_start_step=-1", "sampling.divert_start_step: found -1;")]
    [InlineData("sampling.divert_end_step=21", "sampling.divert_end_step: found 21; expected 5 to 20, or null.")]
    [InlineData("sampling.divert_end_step=4", "sampling.divert_end_step: found 4;")]
    [InlineData("pairs.threshold=1.5", "pairs.threshold: found 1.5; expected 0 to 1, or -1 to keep every pair.")]
    [InlineData("pairs.threshold=-0.5", "pairs.threshold: found -0.5;")]
    [InlineData("pairs.threshold=.nan", "pairs.threshold: found '.nan'")]
    [InlineData("pairs.threshold=NaN", "pairs.threshold: found NaN;")]
    [InlineData("sampling.batch_size=0", "sampling.batch_size: found 0; expected 1 to 4096.")]
    [InlineData("training.batch_size=0", "training.batch_size: found 0; expected 1 or more.")]
    [InlineData("judge.batch_size=0", "judge.batch_size: found 0;")]
    [InlineData("training.epochs=0", "training.epochs: found 0;")]
    [InlineData("training.rounds=0", "training.rounds: found 0;")]
    [InlineData("sampling.eta=0", "sampling.eta: found 0; expected above 0 and up to 1. Without noise all candidates are equal; the paper uses 1.")]
    [InlineData("sampling.steps=1001", "sampling.steps: found 1001;")]
    [InlineData("sampling.height=100", "sampling.height: found 100; expected a positive multiple of 8, or null.")]
    [InlineData("sampling.guidance_scale=NaN", "sampling.guidance_scale: found NaN;")]
    [InlineData("model.device=gpu", "model.device: found gpu; expected cpu, cuda or cuda:N.")]
    [InlineData("model.dtype=float16", "model.dtype: found float16 on cpu; expected float32 or bfloat16.")]
    [InlineData("judge.dtype=float16", "judge.dtype: found float16 on cpu;")]
    [InlineData("lora.rank=0", "lora.rank: found 0;")]
    [InlineData("lora.alpha=0", "lora.alpha: found 0;")]
    [InlineData("lora.target_modules=[]", "lora.target_modules: found an empty list;")]
    [InlineData("optimizer.learning_rate=0", "optimizer.learning_rate: found 0;")]
    [InlineData("optimizer.beta1=1", "optimizer.beta1: found 1;")]
    [InlineData("optimizer.max_grad_norm=0", "optimizer.max_grad_norm: found 0;")]
    [InlineData("evaluation.seeds=[]", "evaluation.seeds: found an empty list;")]
    [InlineData("name=../up", "name: found ../up;")]
    [InlineData("prompts.path=", "prompts.path: found nothing;")]
    [InlineData("prompts.limit=0", "prompts.limit: found 0;")]
    [InlineData("pipeline.max_attempts=0", "pipeline.max_attempts: found 0;")]
    [InlineData("checkpoints.keep=0", "checkpoints.keep: found 0;")]
    public void Validation_WhenAValueIsOutOfRange_NamesValueLimitAndFix(string setting, string expected)
    {
        if (setting.EndsWith(".nan", StringComparison.Ordinal))
        {
            Assert.Contains(expected, Assert.Throws<SpecificationException>(() => Problems(setting)).Message, StringComparison.Ordinal);
            return;
        }
        Assert.StartsWith(expected, Assert.Single(Problems(setting)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pairs.threshold=-1")]
    [InlineData("pairs.threshold=0")]
    [InlineData("pairs.threshold=1")]
    [InlineData("model.device=cuda:3")]
    [InlineData("training.rounds=null")]
    [InlineData("sampling.divert_start_step=19")]
    public void Validation_WhenAValueIsAtItsLimit_AcceptsIt(string setting) => Assert.Empty(Problems(setting));

    [Fact]
    public void Validation_WhenInnerStepsLeaveNoStepForCandidates_RefusesTheRange() =>
        Assert.Contains("sampling.divert_start_step: found 19; expected 0 to 18 with 20 steps", Assert.Single(Problems("sampling.inner_steps=2", "sampling.divert_start_step=19")), StringComparison.Ordinal);

    [Fact]
    public void Loading_WhenManyThingsAreWrong_ReportsAllAtOnce()
    {
        using var folder = new TemporaryFolder();
        var config = folder.Write("bad.yaml", """
            model:
              path: nowhere
              device: gpu
            judge:
              path: bad.yaml
              batch_size: 0
            prompts:
              path: bad.yaml
            sampling:
              steps: 10
              candidates: 1
              divert_start_step: 10
              etta: 0.5
            pairs:
              threshold: high
            training:
              epochs: 0
            """);
        var message = Assert.Throws<SpecificationException>(() => SpecificationFile.Load(config, ["lora.rank=0"])).Message;
        Assert.Equal($"""
            '{config}' has 10 problems:
              - line 13: sampling.etta: found an unknown key; expected one of steps, eta, guidance_scale, guidance_rescale, candidates, divert_start_step, divert_end_step, inner_steps, last_step, next, batch_size, height, width. Did you mean sampling.eta?
              - line 15: pairs.threshold: found 'high'; expected a number. Correct the value.
              - line 2: model.path: found '{Path.GetFullPath("nowhere")}', which does not exist; expected a diffusers folder or a single-file checkpoint. Correct the path.
              - line 3: model.device: found gpu; expected cpu, cuda or cuda:N. `spo doctor` lists this machine's devices.
              - line 6: judge.batch_size: found 0; expected 1 or more. Images decoded and scored together.
              - line 8: prompts.path: found the ending '.yaml' (file); expected .json, .jsonl, .tsv, .csv or .txt. Rename or convert the file.
              - line 11: sampling.candidates: found 1; expected 2 to 1024. A pair needs two candidates; the paper uses 4.
              - line 12: sampling.divert_start_step: found 10; expected 0 to 9 with 10 steps. Candidates must be drawn at one step at least; lower it, or take more steps.
              - --set lora.rank=0: lora.rank: found 0; expected 1 to 4096. The paper uses 4 for SD 1.5 and 64 for SDXL.
              - line 17: training.epochs: found 0; expected 1 or more. Passes over the prompts.
            """, message);
    }

    [Fact]
    public void Loading_WhenPromptsAreWrongToo_ListsThemWithTheRest()
    {
        using var folder = new TemporaryFolder();
        folder.Write("prompts.txt", $"fine\n{new string('x', 10_000)}\n  \n");
        var config = folder.Write("run.yaml", "model: { path: . }\npreference: { path: . }\nprompts: { path: prompts.txt }\n");
        var message = Assert.Throws<SpecificationException>(() => SpecificationFile.Load(config, ["lora.rank=0"])).Message;
        Assert.Contains("has 3 problems:", message, StringComparison.Ordinal);
        Assert.Contains("line 3: prompts.path: found 10000 characters (prompt 2); expected at most 8192.", message, StringComparison.Ordinal);
        Assert.Contains("line 3: prompts.path: found an empty prompt (prompt 3)", message, StringComparison.Ordinal);
        Assert.Contains("lora.rank: found 0", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loading_WhenPathIsRelative_LooksBesideTheConfiguration()
    {
        using var folder = new TemporaryFolder();
        var prompts = folder.Write("data/prompts.txt", "a prompt\n");
        var config = folder.Write("run.yaml", "model: { path: data }\npreference: { path: data }\nprompts: { path: data/prompts.txt }\n");
        var run = SpecificationFile.Load(config);
        Assert.Equal(prompts, run.Prompts.Path);
        Assert.Equal(Path.GetFullPath("runs"), run.Output);
    }
}
