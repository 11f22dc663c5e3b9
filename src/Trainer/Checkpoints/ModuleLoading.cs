using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>How a checkpoint is put into a model.</summary>
public sealed record LoadOptions
{
    /// <summary>Type of the weights; null keeps the stored one.</summary>
    public ScalarType? Dtype { get; init; }

    /// <summary>Keys of parameters that are float32 whatever the others are.</summary>
    public Func<string, bool> InFloat32 { get; init; } = _ => false;

    public Device Device { get; init; } = CPU;

    /// <summary>Keys of the checkpoint that a model may ignore, such as the position_ids that old files hold.</summary>
    public Func<string, bool> Ignorable { get; init; } = key => key.EndsWith("position_ids", StringComparison.Ordinal);
}

/// <summary>Fills models from checkpoints.</summary>
public static class ModuleLoading
{
    /// <summary>
    /// Replaces every parameter of a model, which may have been built on the META device, by the checkpoint's tensor of the same key,
    /// frozen. Where type and device already match, the parameter is a view of the mapped file: nothing is copied.
    /// </summary>
    /// <returns>The model.</returns>
    /// <exception cref="CheckpointException">Keys are missing, superfluous or misshaped, or weights are not finite; all are listed.</exception>
    public static T Load<T>(T model, ITensorSource source, LoadOptions? options = null) where T : nn.Module
    {
        options ??= new LoadOptions();
        var places = Places(model);
        CheckKeys(places, source, options);
        var notFinite = new List<string>();
        foreach (var (key, place) in places)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var stored = source.Load(key);
            var value = stored.to(options.InFloat32(key) ? ScalarType.Float32 : options.Dtype ?? stored.dtype, options.Device);
            // On META nothing but keys and shapes is of interest.
            if (options.Device.type != DeviceType.META && !stored.IsFinite()) notFinite.Add(key);
            place.Set(new Parameter(value, requires_grad: false));
        }
        if (notFinite.Count > 0)
            throw new CheckpointException($"'{source.Origin}' holds NaN or infinite weights: {List(notFinite)}. Get the file again, or use another variant.");
        return model;
    }

    static void CheckKeys(Dictionary<string, Place> places, ITensorSource source, LoadOptions options)
    {
        var missing = places.Keys.Where(k => !source.Tensors.ContainsKey(k)).Order(StringComparer.Ordinal).ToList();
        var superfluous = source.Tensors.Keys.Where(k => !places.ContainsKey(k) && !options.Ignorable(k)).Order(StringComparer.Ordinal).ToList();
        var misshaped = places.Where(p => source.Tensors.TryGetValue(p.Key, out var d) && !d.Shape.SequenceEqual(p.Value.Shape))
            .Select(p => $"{p.Key} is [{string.Join(", ", source.Tensors[p.Key].Shape)}], expected [{string.Join(", ", p.Value.Shape)}]").Order(StringComparer.Ordinal).ToList();
        var problems = new List<string>();
        if (missing.Count > 0) problems.Add($"{missing.Count} missing: {List(missing)}");
        if (superfluous.Count > 0) problems.Add($"{superfluous.Count} superfluous: {List(superfluous)}");
        if (misshaped.Count > 0) problems.Add($"{misshaped.Count} misshaped: {List(misshaped)}");
        if (problems.Count > 0)
            throw new CheckpointException($"'{source.Origin}' does not fit the model that its configuration describes.\n  {string.Join("\n  ", problems)}");
    }

    static string List(List<string> keys)
    {
        const int Listed = 20;
        return string.Join(", ", keys.Take(Listed)) + (keys.Count > Listed ? $" and {keys.Count - Listed} more" : "");
    }

    /// <summary>Where a parameter lives: its module and its name there.</summary>
    sealed record Place(nn.Module Owner, string Name, long[] Shape)
    {
        const BindingFlags Members = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

        static readonly MethodInfo Register = Array.Find(
            typeof(nn.Module).GetMethods(Members), m => m.Name == "ConditionallyRegisterParameter" && m.GetParameters().Length == 2)!;

        public void Set(Parameter value)
        {
            value.DetachFromDisposeScope();
            // The layers' own property replaces field and registration at once.
            if (Owner.GetType().GetProperty(Name, Members) is { CanWrite: true } property && property.PropertyType.IsAssignableFrom(typeof(Parameter)))
            {
                property.SetValue(Owner, value);
                return;
            }
            var field = Owner.GetType().GetField(Name, Members)
                ?? throw new InvalidOperationException($"{Owner.GetType().Name} has no member for its parameter '{Name}'");
            (field.GetValue(Owner) as Parameter)?.Dispose();
            field.SetValue(Owner, value);
            // register_parameter refuses a name that is taken; the layers' properties use this protected method.
            Register.Invoke(Owner, [Name, value]);
        }
    }

    static Dictionary<string, Place> Places(nn.Module model)
    {
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        foreach (var (path, module) in model.named_modules().Prepend(("", model)))
        {
            foreach (var (name, parameter) in module.named_parameters(recurse: false))
                places.TryAdd(path.Length == 0 ? name : $"{path}.{name}", new Place(module, name, parameter.shape));
        }
        return places;
    }
}
