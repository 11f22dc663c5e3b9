using Spectre.Console;
using Spectre.Console.Rendering;
using SpoActors.Specification;

namespace SpoActors.Client.Console;

/// <summary>Writes with Spectre.Console.</summary>
public sealed class SpectreOutput(IAnsiConsole data, IAnsiConsole people) : IConsoleOutput
{
    /// <summary>Columns of a redirected stream: tables in files and pipes are not squeezed.</summary>
    const int WideColumns = 200;

    /// <summary>On this process's stdout and stderr.</summary>
    public static SpectreOutput OfProcess() => new(
        Create(System.Console.Out, System.Console.IsOutputRedirected), Create(System.Console.Error, System.Console.IsErrorRedirected));

    public bool IsInteractive => people.Profile.Out.IsTerminal && people.Profile.Capabilities.Ansi;

    public void Say(string text) => people.WriteLine(PlainText.Harmless(text));

    public void Warn(string text) => people.WriteLine(PlainText.Harmless(text), new Style(Color.Yellow));

    public void Fail(string text) => people.WriteLine(PlainText.Harmless(text), new Style(Color.Red));

    // Spectre wraps at the console's width; data must come out as it is. In JSON, an escape means the character that it stands for.
    public void Data(string text) => data.Profile.Out.Writer.WriteLine(PlainText.Harmless(text));

    public void Table(OutputTable table)
    {
        var drawn = new Table { Border = TableBorder.Rounded };
        if (table.Title is { } title) drawn.Title = new TableTitle(Markup.Escape(PlainText.Harmless(title)));
        foreach (var column in table.Columns) drawn.AddColumn(new TableColumn(Markup.Escape(PlainText.Harmless(column))));
        foreach (var row in table.Rows) drawn.AddRow([.. row.Select(cell => new Text(PlainText.Harmless(cell)))]);
        data.Write(drawn);
    }

    public void Live(Action<Action<IRenderable>> work) =>
        people.Live(new Text("")).AutoClear(false).Start(context => work(picture =>
        {
            context.UpdateTarget(picture);
            context.Refresh();
        }));

    public Task LiveAsync(Func<Action<IRenderable>, Task> work) =>
        people.Live(new Text("")).AutoClear(false).StartAsync(context => work(picture =>
        {
            context.UpdateTarget(picture);
            context.Refresh();
        }));

    static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected) console.Profile.Width = WideColumns;
        return console;
    }
}
