using System.CommandLine;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;
using SpoActors.Client.Diagnosis;
using SpoActors.Client.Runs;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Method;

namespace SpoActors.Client.Commands;

/// <summary><c>spo start</c>: starts a run on a cluster, or goes on with it.</summary>
sealed class StartCommand : ClusterCommand
{
    readonly ConfigurationOptions configuration = ConfigurationOptions.OfClusterRun();
    readonly Option<string?> branch = new("--branch") { Hidden = true };
    readonly Option<bool> dryRun = new("--dry-run") { Description = "Look at the configuration and the prompts, which are this machine's, and ask no cluster." };
    readonly OracleRegistry oracles;
    RunSpecification run = new();

    public StartCommand(ClusterServices services, OracleRegistry oracles) : base("start", "Start a run on a cluster, or go on with it. Model paths are the silos'.", services)
    {
        this.oracles = oracles;
        configuration.AddTo(this);
        Options.Add(branch);
        Options.Add(dryRun);
    }

    /// <summary>Before the cluster is asked for, whatever is wrong here is said.</summary>
    protected override ExitCode? WithoutCluster(ParseResult parsed)
    {
        run = Load(parsed);
        Finding[] findings = [.. ConfigurationChecks.OfClusterRun(configuration.File(parsed), run, oracles)];
        if (!parsed.GetValue(dryRun)) return null;
        Output.Result(parsed.GetValue(Format), findings, Finding.Tables);
        return ExitCode.Success;
    }

    protected override async Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation)
    {
        var prompts = TrainingPrompts.Read(run);
        PromptWarnings.Tell(prompts.Texts, Output);
        var snapshot = await session.Run(run.Name).StartAsync(SpecificationYaml.Write(run), PromptsPayload.Pack(prompts.Texts, prompts.Hash), cancellation);
        Output.Result(parsed.GetValue(Format), snapshot, ClusterTables.Run);
        Output.Say($"`spo watch {run.Name}` follows it.");
        return ExitCode.Success;
    }

    /// <summary>The models are the silos' business; the prompts travel with the request.</summary>
    RunSpecification Load(ParseResult parsed)
    {
        // A branch copies files, which are where the silos' trainer is.
        if (parsed.GetValue(branch) is { } name)
            throw new ClientException(ExitCode.InvalidInput,
                $"A cluster begins no branch. Where its runs' folder is, `spo run CONFIG --output FOLDER --resume --branch {name}` begins it; once its folder is there, it may be stopped, and `spo start CONFIG --name {name}` goes on.");
        return configuration.Load(parsed, (path, overrides) => SpecificationFile.Load(path, overrides, checkFiles: false));
    }
}
