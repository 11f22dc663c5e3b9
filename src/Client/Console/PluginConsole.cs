using SpoActors.Plugins;

namespace SpoActors.Client.Console;

/// <summary>The console as plug-ins see it.</summary>
sealed class PluginConsole(IConsoleOutput output) : IPluginOutput
{
    public void Data(string text) => output.Data(text);

    public void Say(string text) => output.Say(text);

    public void Table(string? title, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows) => output.Table(new OutputTable(title, columns, rows));
}
