using System.CommandLine;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;
using SpoActors.Client.Runs;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Method;

namespace SpoActors.Client.Commands;

/// <summary><c>spo start</c>: starts a run on a cluster, or goes on with it.</summary>
sealed class StartCommand : ClusterCommand
{
    readonly ConfigurationOptions configuration = ConfigurationOptions.OfClusterRun();
    readonly Option<string?> branch = new("--branch") { Hidden = true };

    readonly OracleRegistry oracles;

    public StartCommand(ClusterServices services, OracleRegistry oracles) : base("start", "Start a run on a cluster, or go on with it. Model paths are the silos'.", services)
    {
        this.oracles = oracles;
        configuration.AddTo(this);
        Options.Add(branch);
    }

    protected override async Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation)
    {
        // A branch copies files, which are where the silos' trainer is.
        if (parsed.GetValue(branch) is { } name)
            throw new ClientException(ExitCode.InvalidInput,
                $"A cluster begins no branch. Where its runs' folder is, `spo run CONFIG --output FOLDER --resume --branch {name}` begins it; once its folder is there, it may be stopped, and `spo start CONFIG --name {name}` goes on.");
        // The models are the silos' business; the prompts travel with the request.
        var run = configuration.Load(parsed, (path, overrides) => SpecificationFile.Load(path, overrides, checkFiles: false));
        oracles.EnsureKnown(run);
        var prompts = TrainingPrompts.Read(run);
        PromptWarnings.Tell(prompts.Texts, Output);
        var snapshot = await session.Run(run.Name).StartAsync(SpecificationYaml.Write(run), PromptsPayload.Pack(prompts.Texts, prompts.Hash), cancellation);
        Output.Result(parsed.GetValue(Format), snapshot, ClusterTables.Run);
        Output.Say($"`spo watch {run.Name}` follows it.");
        return ExitCode.Success;
    }
}
