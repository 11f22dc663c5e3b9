namespace SpoActors.Plugins;

/// <summary>Where a plug-in's commands write: data on stdout, words for people on stderr.</summary>
public interface IPluginOutput
{
    /// <summary>Text on stdout, as it is.</summary>
    void Data(string text);

    /// <summary>A line on stderr.</summary>
    void Say(string text);

    /// <summary>A table of texts on stdout.</summary>
    /// <param name="title">Above it, or null.</param>
    /// <param name="columns">Headers.</param>
    /// <param name="rows">As many cells each as there are columns.</param>
    void Table(string? title, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows);
}
