using System.CommandLine;
using Spectre.Console;
using SpoActors.Client.Commands;
using SpoActors.Client.Console;
using SpoActors.Plugins;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;

namespace SpoActors.Client.Tests.BadInput;

/// <summary>
/// Nothing that a person can type or hand over ends in a stack trace, hangs, leaves a folder behind, or puts control characters on a
/// terminal: every command of <see cref="CommandTable"/> with everything of <see cref="BadFiles"/>.
/// </summary>
public sealed class CommandTableTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    static readonly ExitCode[] Refusals = [ExitCode.InvalidInput, ExitCode.NotFound, ExitCode.DeviceUnavailable, ExitCode.RunConflict, ExitCode.ClusterUnavailable];

    /// <summary>A file of a cluster may be empty: its defaults are a cluster on this machine, which is then not there.</summary>
    static readonly string[] EmptyConfigurations = ["empty", "newline\n", "null", "unreadable"];

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<int> InputRows => [.. Enumerable.Range(0, CommandTable.Inputs.Length)];

    public static TheoryData<string> OutputRows => [.. CommandTable.Outputs];

    public static TheoryData<string> ValueRows => [.. CommandTable.Values];

    [Theory, MemberData(nameof(InputRows))]
    public async Task Command_WhenWhatItReadsIsWrong_SaysSoInAFewLines(int index)
    {
        var (line, right, fine) = CommandTable.Inputs[index];
        foreach (var kind in BadFiles.Obstacles.Concat(BadFiles.Contents).Except(fine))
        {
            if (line.Contains("--cluster FILE", StringComparison.Ordinal) && EmptyConfigurations.Contains(kind)) continue;
            var file = BadFiles.Make(folder, kind, CommandTable.Meaning(right));
            // A file may be refused as a failure of its own only where the system refuses it.
            var said = await AssertRefused(CommandTable.Arguments(line, file, folder["out"]), kind, kind == "unreadable" ? [.. Refusals, ExitCode.Failed] : Refusals);
            // Or else something other than the file was refused.
            Assert.True(said.ReplaceLineEndings("").Contains(PlainText.OneLine(Path.GetFileName(file)), StringComparison.Ordinal) || said.Contains(folder.Path, StringComparison.Ordinal), $"{line} ({kind}) does not name the file:\n{said}");
        }
    }

    [Theory, MemberData(nameof(OutputRows))]
    public async Task Command_WhenWhatItWritesCannotBeMade_SaysSoInAFewLines(string line)
    {
        foreach (var kind in BadFiles.InTheWay)
            // A file is written beside its place and renamed, so a pipe or a link there is replaced by it.
            await AssertRefused(CommandTable.Arguments(line, target: BadFiles.Make(folder, kind, "x")), kind, [.. Refusals, ExitCode.Failed, .. line.StartsWith("shapes ", StringComparison.Ordinal) && kind is "pipe" or "device" or "loop" ? [ExitCode.Success] : Array.Empty<ExitCode>()]);
    }

    [Theory, MemberData(nameof(ValueRows))]
    public Task Command_WhenAValueIsWrong_SaysSoInAFewLines(string line) =>
        AssertRefused(CommandTable.Arguments(line, target: folder["out"]), line, [.. Refusals, ExitCode.Success]);

    [Fact]
    public async Task Options_WhenTheyTakeNumbersOrNames_RefuseOthers()
    {
        foreach (var (command, option) in Parameters().OfType<(Command, Option)>().Where(p => p.Item2.ValueType != typeof(bool) && (!IsText(p.Item2) || IsOneOfAFew(p.Item2))))
            foreach (var value in (string[])["what?", "", "1e999", "99999999999999999999999999", "0x10", "\u001b[31m"])
            {
                var line = CommandTable.Inputs.Select(row => CommandTable.Arguments(row.Line, CommandTable.Meaning(row.Right), folder["out"]))
                    .Concat(CommandTable.Outputs.Concat(CommandTable.Values).Select(row => CommandTable.Arguments(row, target: folder["out"])))
                    .First(words => Root().Parse(words) is { Errors.Count: 0 } parsed && parsed.CommandResult.Command.Name == command.Name);
                await AssertRefused([.. line, option.Name, value], value, [ExitCode.InvalidInput]);
            }
    }

    [Fact]
    public async Task Settings_WhenTheyAreOfNoKindThatTheirKeyTakes_AreRefusedByKey()
    {
        foreach (var (key, _) in SpecificationKeys.All.Where(k => k.Property.PropertyType != typeof(string)))
            foreach (var value in (string[])["[", "{a: 1}", "[[1]]", "what?", "-1e999"])
            {
                var (code, said) = await Run(["run", CommandTable.Meaning("TINY"), "--output", folder["out"], "--set", $"{key}={value}"]);
                Assert.True(code == ExitCode.InvalidInput, $"{key}={value}: {code} {said}");
                AssertReadable(said, $"{key}={value}");
            }
    }

    [Fact]
    public void Table_HasARowForEveryPathOfEveryCommand()
    {
        var lines = CommandTable.Inputs.Select(row => row.Line).Concat(CommandTable.Outputs).Concat(CommandTable.Values).Select(line => Root().Parse(CommandTable.Arguments(line))).ToArray();
        foreach (var command in Parameters().Select(p => p.Command).Distinct())
            Assert.True(lines.Any(parsed => parsed.CommandResult.Command.Name == command.Name), $"no row for '{command.Name}'");
        foreach (var (command, parameter) in Parameters().Where(p => IsText(p.Symbol) && !IsOneOfAFew(p.Symbol) && !CommandTable.Texts.Contains(Name(p.Command, p.Symbol))))
            Assert.True(lines.Any(parsed => parsed.CommandResult.Command.Name == command.Name && parsed.CommandResult.Children.Any(child => IsOf(child, parameter) && child.Tokens.Count > 0)),
                $"no row gives '{Name(command, parameter)}' a value: add one to CommandTable.Inputs, Outputs or Values, or the option to Texts");
    }

    [Fact]
    public void Table_HasARowForEveryPathOfARun()
    {
        var tiny = CommandTable.Meaning("TINY");
        foreach (var (key, _) in SpecificationKeys.All.Where(k => k.Property.PropertyType == typeof(string) && k.Key is not ("name" or "output" or "data.cache")))
        {
            var text = SpecificationYaml.Write(SpecificationFile.Load(tiny, OnlyShape(key), checkFiles: false));
            if (!text.Contains(Path.GetFullPath("probe.safetensors"), StringComparison.Ordinal)) continue;
            Assert.True(CommandTable.Inputs.Any(row => row.Line.Contains($"--set {key}=FILE", StringComparison.Ordinal)), $"no row gives '{key}' a file");
        }
    }

    /// <summary>Settings under which only a path may be what the key holds.</summary>
    static string[] OnlyShape(string key) => key switch
    {
        "data.path" => ["objective.kind=diffusion_dpo", "objective.eps=null", "flow=own_pairs", "data.path=probe.safetensors"],
        "judge.token_file" => ["judge.kind=remote", "judge.path=", "judge.url=http://127.0.0.1:9", "judge.token_file=probe.safetensors"],
        "judge.url" or "objective.kind" or "evaluation.oracle" or "prompts.column" or "model.device" => [],
        _ => [$"{key}=probe.safetensors"],
    };

    async Task<string> AssertRefused(string[] words, string kind, IReadOnlyList<ExitCode> expected)
    {
        string[] before = [.. Directory.EnumerateFileSystemEntries(folder.Path).Order()];
        var running = Task.Run(() => Run(words), TestContext.Current.CancellationToken);
        var (code, said) = await running.WaitAsync(Patience, TestContext.Current.CancellationToken);
        var what = $"{string.Join(' ', words)} ({kind}): exit {code}\n{said}";
        Assert.True(expected.Contains(code), what);
        AssertReadable(said, what);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(folder.Path).Order());
        return said;
    }

    /// <summary>A few lines, none of them of a stack trace or of an exception's name.</summary>
    static void AssertReadable(string said, string what)
    {
        Assert.False(said.Contains("   at ", StringComparison.Ordinal) || said.Contains("Exception", StringComparison.Ordinal), what);
        Assert.InRange(said.Split('\n').Length, 2, 60);
        Assert.False(said.Any(c => char.IsControl(c) && c is not ('\n' or '\t')), what);
    }

    /// <summary>Calls <c>spo</c> and gives all that a terminal would get.</summary>
    static async Task<(ExitCode Code, string Said)> Run(string[] words)
    {
        using var said = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(said), Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
        console.Profile.Width = 400;
        var code = await SpoCommandLine.InvokeAsync(words, new SpectreOutput(console, console), TimeProvider.System, cancellation: TestContext.Current.CancellationToken);
        return ((ExitCode)code, said.ToString());
    }

    static RootCommand Root() => SpoCommandLine.Create(new RecordingOutput(), TimeProvider.System, plugins: PluginLoader.Load(PluginLoader.Folders()));

    /// <summary>Every argument and option of every command that does something.</summary>
    static IEnumerable<(Command Command, Symbol Symbol)> Parameters() => Leaves(Root()).SelectMany(command =>
        command.Arguments.Concat<Symbol>(command.Options.Where(o => o is not System.CommandLine.Help.HelpOption)).Select(symbol => (command, symbol)));

    static IEnumerable<Command> Leaves(Command command) => command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    static bool IsText(Symbol symbol) => (symbol is Option option ? option.ValueType : ((Argument)symbol).ValueType) is var type && (type == typeof(string) || type == typeof(string[]));

    static bool IsOneOfAFew(Symbol symbol) => symbol is Option { HelpName: { } names } && names.Contains('|', StringComparison.Ordinal);

    static bool IsOf(System.CommandLine.Parsing.SymbolResult result, Symbol symbol) => result switch
    {
        System.CommandLine.Parsing.OptionResult option => option.Option.Name == symbol.Name,
        System.CommandLine.Parsing.ArgumentResult argument => argument.Argument.Name == symbol.Name,
        _ => false,
    };

    static string Name(Command command, Symbol symbol) => $"{(command.Parents.FirstOrDefault() is Command { Name: not "spo" } parent && parent is not RootCommand ? parent.Name + " " : "")}{command.Name} {symbol.Name}";
}
