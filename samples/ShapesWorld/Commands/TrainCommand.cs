using System.CommandLine;
using SpoActors.ShapesWorld.Training;
using SpoActors.Trainer.Native;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes train</c>: the whole chain, or some of its stages.</summary>
sealed class TrainCommand : Command
{
    readonly Option<string> work = new("--work") { Description = "Folder of checkpoints and models.", DefaultValueFactory = _ => Path.Combine("runs", "shapes-world") };
    readonly Option<string[]> stage = new("--stage") { Description = $"Only these stages of {string.Join(", ", ChainStages.Stages)}; or an ablation: {string.Join(", ", ChainStages.ExtraStages)}.", AllowMultipleArgumentsPerToken = true };
    readonly Option<ulong> seed = new("--seed") { Description = "Seed of everything random.", DefaultValueFactory = _ => new ChainSettings().Seed };
    readonly Option<bool> tiny = new("--tiny") { Description = "A few steps of each stage, to see that everything runs." };
    readonly ShapesOutput output;
    readonly TimeProvider time;

    public TrainCommand(ShapesOutput output, TimeProvider time) : base("train", "Train oracle, VAE, CLIP, diffusion model and judges from scratch; run again to resume.")
    {
        (this.output, this.time) = (output, time);
        stage.AcceptOnlyFromAmong([.. ChainStages.Stages, .. ChainStages.ExtraStages]);
        foreach (Option option in new Option[] { work, stage, seed, tiny }) Options.Add(option);
        SetAction((parsed, cancel) => Task.FromResult(Execute(parsed, cancel)));
    }

    int Execute(ParseResult parsed, CancellationToken cancel)
    {
        NativeLibtorch.EnsureLoaded();
        // One thread is fastest at these sizes; parallelism is several stages in several processes.
        TorchSharp.torch.set_num_threads(1);
        var settings = (parsed.GetValue(tiny) ? ChainSettings.Tiny : new ChainSettings()) with { Seed = parsed.GetValue(seed) };
        var chain = new TrainingChain(settings, parsed.GetValue(work)!, time, progress =>
            output.Words(FormattableString.Invariant($"{progress.Stage} {progress.Step}/{progress.Steps}, loss {progress.Loss:0.0000}, {progress.Left:hh\\:mm\\:ss} left")));
        var stages = parsed.GetValue(stage) is { Length: > 0 } some ? some : [.. ChainStages.Stages];
        chain.Run(stages, cancel);
        output.Data(chain.Model);
        return 0;
    }
}
