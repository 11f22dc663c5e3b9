namespace SpoActors.Plugins;

/// <summary>What an assembly outside of SpoActors adds to <c>spo</c> and to silos.</summary>
public interface IPlugin
{
    /// <summary>Registers everything it offers. Called once a process, before a command line is parsed or a device is used.</summary>
    void Register(PluginRegistry registry);
}
