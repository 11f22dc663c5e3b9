using Spectre.Console.Rendering;

namespace SpoActors.Client.Console;

/// <summary>All that <c>spo</c> writes: data on stdout, words for people on stderr.</summary>
public interface IConsoleOutput
{
    /// <summary>Whether stderr is a terminal that can be redrawn.</summary>
    bool IsInteractive { get; }

    /// <summary>A line on stderr.</summary>
    void Say(string text);

    /// <summary>A highlighted line on stderr: something to know, nothing that stops the command.</summary>
    void Warn(string text);

    /// <summary>A highlighted line on stderr: why the command ends.</summary>
    void Fail(string text);

    /// <summary>Text on stdout, as it is.</summary>
    void Data(string text);

    /// <summary>A table on stdout.</summary>
    void Table(OutputTable table);

    /// <summary>Shows a picture on stderr that <paramref name="work"/> redraws while it runs on the calling thread.</summary>
    /// <param name="work">Is given what to call to redraw.</param>
    void Live(Action<Action<IRenderable>> work);

    /// <summary>The same for work that waits; redraws may come from any thread, one at a time.</summary>
    Task LiveAsync(Func<Action<IRenderable>, Task> work);
}

/// <summary>A table of texts.</summary>
/// <param name="Title">Above it, or null.</param>
/// <param name="Columns">Headers.</param>
/// <param name="Rows">As many cells each as there are columns.</param>
public sealed record OutputTable(string? Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
