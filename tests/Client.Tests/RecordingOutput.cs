using System.Text;
using Spectre.Console.Rendering;
using SpoActors.Client.Console;

namespace SpoActors.Client.Tests;

/// <summary>Keeps what a command writes.</summary>
sealed class RecordingOutput : IConsoleOutput
{
    readonly StringBuilder data = new(), people = new();

    public bool IsInteractive => false;

    public string StandardOutput => data.ToString();

    public string StandardError => people.ToString();

    public List<OutputTable> Tables { get; } = [];

    public void Say(string text) => people.AppendLine(text);

    public void Warn(string text) => people.AppendLine(text);

    public void Fail(string text) => people.AppendLine(text);

    public void Data(string text) => data.AppendLine(text);

    public void Table(OutputTable table)
    {
        Tables.Add(table);
        foreach (var row in table.Rows) data.AppendLine(string.Join(" | ", row));
    }

    public void Live(Action<Action<IRenderable>> work) => work(_ => { });

    public Task LiveAsync(Func<Action<IRenderable>, Task> work) => work(_ => { });
}
