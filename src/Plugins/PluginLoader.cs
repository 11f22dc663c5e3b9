using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Loader;

namespace SpoActors.Plugins;

/// <summary>
/// Finds plug-ins and lets them register. A plug-in NAME is a folder <c>NAME</c> with <c>NAME.dll</c> and whatever it needs that SpoActors
/// does not bring. Plug-ins are code with all rights of this process: there are none but those that were put into these folders.
/// </summary>
public static class PluginLoader
{
    /// <summary>The folder of plug-ins beside the executable.</summary>
    public const string FolderName = "plugins";

    /// <summary>An environment variable with more such folders, separated as in PATH.</summary>
    public const string Variable = "SPO_PLUGINS";

    static readonly ConcurrentDictionary<string, bool> Resolved = [];

    /// <summary>The folders of this process that hold plug-ins.</summary>
    /// <exception cref="PluginException">The variable names a folder that is not there.</exception>
    public static IReadOnlyList<string> Folders()
    {
        var beside = Path.Combine(AppContext.BaseDirectory, FolderName);
        var more = Environment.GetEnvironmentVariable(Variable)?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (Array.Find(more, folder => !Directory.Exists(folder)) is { } missing)
            throw new PluginException($"{Variable} names '{missing}'; expected a folder that holds a folder for each plug-in. Correct the variable, or unset it.");
        return [.. Directory.Exists(beside) ? [beside] : Array.Empty<string>(), .. more];
    }

    /// <summary>Loads every plug-in of the folders, by name, and lets each register.</summary>
    /// <exception cref="PluginException">One cannot be loaded, is no plug-in, or registers what is there already.</exception>
    public static PluginRegistry Load(IEnumerable<string> folders)
    {
        var registry = new PluginRegistry();
        foreach (var folder in folders.SelectMany(f => Directory.GetDirectories(Path.GetFullPath(f)).Order(StringComparer.Ordinal))) Register(folder, registry);
        return registry;
    }

    static void Register(string folder, PluginRegistry registry)
    {
        var file = Path.Combine(folder, Path.GetFileName(folder) + ".dll");
        if (!File.Exists(file)) throw new PluginException($"plug-in '{folder}': no {Path.GetFileName(file)} in it; a plug-in's assembly has its folder's name. Add it, or remove the folder.");
        try
        {
            Entry(file).Register(registry);
        }
        catch (Exception e) when (e is not PluginException)
        {
            throw new PluginException($"plug-in '{file}' cannot be used: {e.Message} Build it against this version of SpoActors, or remove its folder.", e);
        }
    }

    /// <summary>Assemblies that SpoActors has are SpoActors' own, so that both sides mean the same types; the others come from the plug-in's folder.</summary>
    static IPlugin Entry(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        if (Resolved.TryAdd(folder, true))
            AssemblyLoadContext.Default.Resolving += (context, name) =>
                Path.Combine(folder, name.Name + ".dll") is var needed && File.Exists(needed) ? context.LoadFromAssemblyPath(needed) : null;
        var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(file);
        var entry = assembly.GetCustomAttribute<PluginAttribute>()?.Entry
            ?? throw new PluginException($"plug-in '{file}' has no [assembly: {nameof(PluginAttribute)[..^9]}(typeof(...))]; expected the class that registers what it offers. Add it, or remove the folder.");
        return Activator.CreateInstance(entry) as IPlugin
            ?? throw new PluginException($"plug-in '{file}': {entry.FullName} is no {nameof(IPlugin)}; implement it.");
    }
}
