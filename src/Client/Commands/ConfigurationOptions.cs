using System.CommandLine;

namespace SpoActors.Client.Commands;

/// <summary>A command's configuration and what changes it: the file, <c>--set</c>, <c>--name</c> and <c>--output</c>.</summary>
sealed class ConfigurationOptions
{
    readonly Argument<string> file;
    readonly Option<string[]> set;
    readonly Option<string?> name;
    readonly Option<string?>? output;
    readonly string startFrom;

    ConfigurationOptions(string example, string exampleKey, string startFrom, string whatIsNamed, string? whatHasAFolder)
    {
        this.startFrom = startFrom;
        file = new Argument<string>("config") { Description = $"A YAML configuration, such as {example}." };
        set = new Option<string[]>("--set") { Description = $"Overrides a key, such as {exampleKey}. May be given several times.", HelpName = "key=value" };
        name = new Option<string?>("--name") { Description = $"Name of the {whatIsNamed}, instead of the configuration's." };
        if (whatHasAFolder is not null)
            output = new Option<string?>("--output") { Description = $"Folder that holds the {whatHasAFolder}'s folder, instead of the configuration's." };
    }

    /// <summary>Of a run in this process.</summary>
    public static ConfigurationOptions OfRun() => OfRun("run and its folder", "run");

    /// <summary>Of a run on a cluster, whose silos say where its folder is.</summary>
    public static ConfigurationOptions OfClusterRun() => OfRun("run", null);

    /// <summary>Of the training of a preference model.</summary>
    public static ConfigurationOptions OfPreferenceTraining() =>
        new("config/train-spm.yaml", "training.steps=100", "config/train-spm.yaml", "training and its folder", "training");

    public void AddTo(Command command)
    {
        command.Arguments.Add(file);
        command.Options.Add(set);
        command.Options.Add(name);
        if (output is not null) command.Options.Add(output);
    }

    /// <summary>The file, as it was given.</summary>
    public string File(ParseResult parsed) => parsed.GetValue(file)!;

    /// <param name="parsed">The command line.</param>
    /// <param name="load">Reads a file and applies <c>key=value</c> overrides.</param>
    /// <exception cref="ClientException">There is no such file.</exception>
    public T Load<T>(ParseResult parsed, Func<string, IEnumerable<string>, T> load)
    {
        var path = File(parsed);
        if (!System.IO.File.Exists(path)) throw new ClientException(ExitCode.NotFound, $"The configuration '{path}' does not exist. Start from {startFrom}.");
        var overrides = new List<string>(parsed.GetValue(set) ?? []);
        if (parsed.GetValue(name) is { } newName) overrides.Add($"name={newName}");
        if (output is not null && parsed.GetValue(output) is { } newOutput) overrides.Add($"output={newOutput}");
        return load(path, overrides);
    }

    static ConfigurationOptions OfRun(string whatIsNamed, string? whatHasAFolder) =>
        new("config/tiny.yaml", "sampling.steps=4", "config/tiny.yaml or config/sd15.yaml", whatIsNamed, whatHasAFolder);
}
