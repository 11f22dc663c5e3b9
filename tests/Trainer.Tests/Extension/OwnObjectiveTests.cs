using SpoActors.Specification;
using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Tests.Method;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Extension;

/// <summary>A program's own objective: one file, one line that registers it, and a configuration that names it.</summary>
public sealed class OwnObjectiveTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("spo-own").FullName;

    static OwnObjectiveTests() => PreferredOnlyObjective.Register();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    RunSpecification Run(params string[] settings) => SpecificationYaml.Parse($$"""
        model: { path: '{{TinyRun.Sd15().Model.Path}}', threads: 1 }
        data: { path: '{{OwnPairFolder.Write(Path.Combine(folder, "pairs"), 4)}}', resolution: 64, cache: '{{Path.Combine(folder, "latents")}}' }
        objective: { kind: preferred_only }
        optimizer: { learning_rate: 1e-3 }
        training: { epochs: 2, prompts_per_round: 2, batch_size: 1 }
        """, "test", settings);

    [Fact]
    public void Objective_WhenRegistered_IsTrainedByItsName()
    {
        var run = Run();
        Assert.Empty(SpecificationValidator.Validate(run));
        RunInputs.Check(run);
        var watched = new Watched();
        using var local = new LocalRun(run, folder, watched, TimeProvider.System);
        var manifest = local.Execute(cancellation: TestContext.Current.CancellationToken);

        Assert.Equal((true, 8L), (manifest.Finished, manifest.ConsumedPairs));
        Assert.Equal(8, watched.Minibatches.Count);
        Assert.All(watched.Minibatches, m => Assert.InRange(m.Metrics["weight"], 0, 1));
        using var scope = NewDisposeScope();
        using var lora = SafetensorsFile.Open(Path.Combine(folder, RunStore.AdapterFile));
        // The middle block sees one position, whose attention no query or key can change.
        var trained = lora.Tensors.Keys.Where(k => k.EndsWith(".up.weight", StringComparison.Ordinal) && !(k.Contains("mid_block", StringComparison.Ordinal) && (k.Contains("attn1.to_q", StringComparison.Ordinal) || k.Contains("attn1.to_k", StringComparison.Ordinal))));
        Assert.All(trained, k => Assert.True(lora.Load(k).abs().max().item<float>() > 0));
    }

    [Fact]
    public void Setting_WhenTheObjectiveDoesNotUseIt_IsRefusedAsForThoseOfTheProgram() =>
        Assert.Equal(
            ["flow: found step_pools; expected own_pairs with objective.kind preferred_only.", "objective.eps: found 0.1; expected null with objective.kind preferred_only."],
            SpecificationValidator.Validate(Run("objective.eps=0.1", "flow=step_pools", "judge.path=.", "prompts.path=.", "data.path="), checkFiles: false)
                .Select(p => p.ToString()).Select(p => p[..(p.IndexOf(". ", StringComparison.Ordinal) + 1)]));

    sealed class Watched : IRunProgress
    {
        public List<MinibatchFinished> Minibatches { get; } = [];

        public void Report(RunEvent runEvent)
        {
            if (runEvent is MinibatchFinished minibatch) Minibatches.Add(minibatch);
        }
    }
}
