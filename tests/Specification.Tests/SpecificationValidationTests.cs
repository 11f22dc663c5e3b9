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
    [InlineData("objective.beta=0", "objective.beta: found 0; expected above 0. The SPO paper uses 10.")]
    [InlineData("objective.eps=1", "objective.eps: found 1; expected between 0 and 1.")]
    [InlineData("objective.kl_limit=0", "objective.kl_limit: found 0; expected above 0, or null.")]
    [InlineData("objective.label_smoothing=0.5", "objective.label_smoothing: found 0.5; expected from 0, below 0.5.")]
    [InlineData("objective.kind=difusion_dpo", "objective.kind: found difusion_dpo; expected one of d3po, ddpo, diffusion_dpo, grad_spo, linear_dpo, lpo, mapo, mspo, sdpo, spo. Did you mean diffusion_dpo?")]
    [InlineData("objective.kind=mspo", "sampling.inner_steps: found 0; expected 1 or more with objective.kind mspo.")]
    [InlineData("objective.mu=0.5", "objective.mu: found 0.5; expected null with objective.kind spo. It uses beta, eps, guidance, link, label_smoothing, kl_limit.")]
    [InlineData("objective.variant=dspo_sdxl", "objective.variant: found dspo_sdxl; expected null with objective.kind spo")]
    [InlineData("objective.per_prompt_statistics=true", "objective.per_prompt_statistics: found true; expected null with objective.kind spo.")]
    [InlineData("pairs.threshold=1.5", "pairs.threshold: found 1.5; expected 0 to 1, or -1 to keep every pair.")]
    [InlineData("pairs.threshold_max=0.5", "pairs.threshold_max: found 0.5; expected null with pairs.threshold_rule fixed.")]
    [InlineData("pairs.threshold_rule=sigma", "pairs.threshold_max: found NaN; expected from pairs.threshold to 1 with this pairs.threshold_rule.")]
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
    [InlineData("sampling.height=100", "sampling.height: found 100; expected a multiple of 8 up to 16384, or null.")]
    [InlineData("sampling.guidance_scale=NaN", "sampling.guidance_scale: found NaN;")]
    [InlineData("model.device=gpu", "model.device: found gpu; expected auto, cpu, cuda or cuda:N.")]
    [InlineData("model.dtype=float16", "model.dtype: found float16 on cpu; expected float32 or bfloat16.")]
    [InlineData("judge.dtype=float16", "judge.dtype: found float16 on cpu;")]
    [InlineData("lora.rank=0", "lora.rank: found 0;")]
    [InlineData("lora.alpha=0", "lora.alpha: found 0;")]
    [InlineData("lora.target_modules=[]", "lora.target_modules: found an empty list;")]
    [InlineData("optimizer.learning_rate=0", "optimizer.learning_rate: found 0;")]
    [InlineData("optimizer.beta1=1", "optimizer.beta1: found 1;")]
    [InlineData("optimizer.max_grad_norm=0", "optimizer.max_grad_norm: found 0;")]
    [InlineData("optimizer.schedule.warmup_steps=5", "optimizer.schedule.warmup_steps: found 5; expected 0 with kind constant. Set optimizer.schedule.kind to constant_with_warmup.")]
    [InlineData("optimizer.schedule.warmup_steps=-1", "optimizer.schedule.warmup_steps: found -1;")]
    [InlineData("optimizer.schedule.kind=cosine", "optimizer.schedule.steps: found null; expected a number of optimizer steps with kind cosine.")]
    [InlineData("optimizer.schedule.steps=0", "optimizer.schedule.steps: found 0;")]
    [InlineData("optimizer.schedule.cycles=2", "optimizer.schedule.cycles: found 2; expected 1 with kind constant. Only cosine_with_restarts has cycles.")]
    [InlineData("optimizer.schedule.cycles=0", "optimizer.schedule.cycles: found 0;")]
    [InlineData("optimizer.schedule.power=2", "optimizer.schedule.power: found 2; expected 1 with kind constant.")]
    [InlineData("optimizer.schedule.power=NaN", "optimizer.schedule.power: found NaN;")]
    [InlineData("optimizer.ema.decay=1", "optimizer.ema.decay: found 1; expected between 0 and 1, or null.")]
    [InlineData("optimizer.ema.min_decay=2", "optimizer.ema.min_decay: found 2; expected from 0 to 1.")]
    [InlineData("optimizer.ema.update_after_step=-1", "optimizer.ema.update_after_step: found -1;")]
    [InlineData("optimizer.ema.inv_gamma=0", "optimizer.ema.inv_gamma: found 0;")]
    [InlineData("optimizer.ema.power=0", "optimizer.ema.power: found 0;")]
    [InlineData("evaluation.seeds=[]", "evaluation.seeds: found an empty list;")]
    [InlineData("name=../up", "name: found ../up;")]
    [InlineData("prompts.path=", "prompts.path: found nothing;")]
    [InlineData("prompts.limit=0", "prompts.limit: found 0;")]
    [InlineData("data.limit=0", "data.limit: found 0; expected 1 or more. null takes all pairs.")]
    [InlineData("data.resolution=100", "data.resolution: found 100; expected a multiple of 8 from 8 to 8192, or null.")]
    [InlineData("data.resolution=0", "data.resolution: found 0;")]
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

    [Theory]
    [InlineData("objective.kind=diffusion_dpo", "objective.kl_limit=1", "objective.kl_limit: found 1; expected null with objective.kind diffusion_dpo.")]
    [InlineData("objective.kind=diffusion_dpo", "objective.eps=0.1", "objective.eps: found 0.1; expected null with objective.kind diffusion_dpo.")]
    [InlineData("objective.link=hinge", "objective.label_smoothing=0.1", "objective.label_smoothing: found 0.1; expected 0 with objective.link hinge.")]
    [InlineData("objective.kind=sdpo", "objective.alpha=0.01", "objective.alpha: found 0.01; expected null with objective.kind sdpo.")]
    [InlineData("objective.kind=ddpo", "objective.statistics_buffer=8", "objective.statistics_minimum: found 16; expected 1 to 8.")]
    [InlineData("objective.kind=ddpo", "objective.clip_range=1", "objective.clip_range: found 1; expected between 0 and 1.")]
    [InlineData("objective.kind=linear_dpo", "objective.min_weight=0.6", "objective.min_weight: found 0.6; expected from 0 to 0.5.")]
    [InlineData("objective.kind=grad_spo", "objective.slow_decay=1.1", "objective.slow_decay: found 1.1; expected from 0 to 1.")]
    [InlineData("objective.kind=mapo", "objective.score_scale=0", "objective.score_scale: found 0; expected above 0.")]
    public void Validation_WhenAnObjectivesSettingDoesNotFit_NamesIt(string kind, string setting, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Problems([kind, setting, .. ForData(kind)])), StringComparison.Ordinal);

    /// <summary>What an objective of own pairs asks for besides.</summary>
    static string[] ForData(string kind) =>
        ObjectiveKinds.Find(kind.Replace("objective.kind=", "", StringComparison.Ordinal))?.Flows[0] == FlowKind.OwnPairs ? ["data.path=d"] : [];

    [Fact]
    public void Validation_WhenAnInactiveChoiceIsSet_NamesTheChoice() =>
        Assert.StartsWith("objective.statistics_buffer: found 8; expected null with objective.kind ddpo and per_prompt_statistics false.",
            Assert.Single(Problems("objective.kind=ddpo", "objective.per_prompt_statistics=false", "objective.statistics_buffer=8")), StringComparison.Ordinal);

    [Theory]
    [InlineData("optimizer.schedule={ kind: linear, warmup_steps: 10, steps: 11 }")]
    [InlineData("optimizer.schedule={ kind: constant_with_warmup, warmup_steps: 500 }")]
    [InlineData("optimizer.schedule={ kind: cosine_with_restarts, steps: 100, cycles: 3 }")]
    [InlineData("optimizer.schedule={ kind: polynomial, steps: 100, power: 2 }")]
    [InlineData("optimizer.ema={ decay: 0.9, min_decay: 0.9, ramp: none }")]
    [InlineData("optimizer.loss_scaling=none")]
    [InlineData("training.accumulation_remainder=step")]
    public void Validation_OfAnOptimizerThatWorks_AcceptsIt(string setting) => Assert.Empty(Problems(setting));

    [Fact]
    public void Validation_OfAScheduleWithManyFaults_ReportsAllAtOnce() => Assert.Equal(
    [
        "optimizer.schedule.steps: found 10; expected more than warmup_steps (10). They include the warm-up.",
        "optimizer.schedule.cycles: found 3; expected 1 with kind polynomial. Only cosine_with_restarts has cycles.",
        "optimizer.learning_rate: found 1E-07; expected above 1e-7 with schedule polynomial. The rate falls to 1e-7.",
        "optimizer.ema.min_decay: found 0.95; expected from 0 to decay (0.9). 0 sets no lower limit.",
    ], Problems("optimizer={ learning_rate: 1e-7, schedule: { kind: polynomial, warmup_steps: 10, steps: 10, cycles: 3 }, ema: { decay: 0.9, min_decay: 0.95 } }"));

    [Fact]
    public void Validation_OfFloat16WithoutLossScaling_RefusesIt() =>
        Assert.Equal("optimizer.loss_scaling: found none with model.dtype float16; expected auto or dynamic. Small gradients vanish in float16; bfloat16 needs no scaling.",
            Assert.Single(Problems("model.dtype=float16", "model.device=cuda", "optimizer.loss_scaling=none")));

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
              - line 13: sampling.etta: found an unknown key; expected one of steps, eta, guidance_scale, guidance_rescale, candidates, divert_start_step, divert_end_step, inner_steps, last_step, next, same_start, batch_size, height, width. Did you mean sampling.eta?
              - line 15: pairs.threshold: found 'high'; expected a number. Correct the value.
              - line 2: model.path: found '{Path.GetFullPath("nowhere")}', which does not exist; expected a diffusers folder or a single-file checkpoint. Correct the path.
              - line 3: model.device: found gpu; expected auto, cpu, cuda or cuda:N. `spo doctor` lists this machine's devices.
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
