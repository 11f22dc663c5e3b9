namespace SpoActors.Plugins;

/// <summary>A plug-in cannot be used; the message says which, where it lies, and what to do.</summary>
public sealed class PluginException : Exception
{
    public PluginException(string message) : base(message) { }

    public PluginException(string message, Exception inner) : base(message, inner) { }

    public PluginException() { }
}
