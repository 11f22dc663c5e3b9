namespace SpoActors.Plugins;

/// <summary>Makes an assembly a plug-in, and says which of its classes registers what it offers.</summary>
/// <param name="entry">A class with a constructor without parameters that is an <see cref="IPlugin"/>.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class PluginAttribute(Type entry) : Attribute
{
    /// <summary>The class.</summary>
    public Type Entry => entry;
}
