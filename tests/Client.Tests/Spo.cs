using SpoActors.Client.Commands;

namespace SpoActors.Client.Tests;

/// <summary>Calls <c>spo</c> in this process.</summary>
static class Spo
{
    public static async Task<(ExitCode Code, RecordingOutput Output)> Run(params string[] args)
    {
        var output = new RecordingOutput();
        var code = await SpoCommandLine.InvokeAsync(args, output, TimeProvider.System, cancellation: TestContext.Current.CancellationToken);
        return ((ExitCode)code, output);
    }

    /// <summary>Settings that make a run of the tiny model a matter of a second.</summary>
    public static string[] TinyRun(string folder, params string[] more) =>
    [
        "run", Repository.PathOf("config/tiny.yaml"), "--output", folder, "--set", "sampling.steps=3", "--set", "sampling.divert_start_step=1",
        "--set", "training.prompts_per_round=2", "--set", "sampling.batch_size=2", "--set", "prompts.limit=8", "--set", "evaluation.steps=1", "--set", "evaluation.count=1",
        "--set", "pairs.threshold=-1", "--set", "training.rounds=2", "--set", "checkpoints.every=1", .. more,
    ];
}
