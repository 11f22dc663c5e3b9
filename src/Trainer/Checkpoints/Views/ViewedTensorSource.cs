using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.Views;

/// <summary>A checkpoint under other names and shapes: how files of other programs look like those of diffusers. Copies nothing.</summary>
public sealed class ViewedTensorSource : ITensorSource
{
    readonly ITensorSource source;
    readonly IReadOnlyDictionary<string, TensorView> views;
    readonly bool ownsSource;

    /// <param name="source">The checkpoint.</param>
    /// <param name="views">By the names that this view offers; other tensors of the source are hidden.</param>
    /// <param name="ownsSource">Whether to dispose of the source together with this.</param>
    public ViewedTensorSource(ITensorSource source, IReadOnlyDictionary<string, TensorView> views, bool ownsSource = true)
    {
        (this.source, this.views, this.ownsSource) = (source, views, ownsSource);
        Tensors = views.ToDictionary(v => v.Key, v => Describe(source.Tensors[v.Value.SourceKey], v.Value), StringComparer.Ordinal);
    }

    public string Origin => source.Origin;

    public IReadOnlyDictionary<string, TensorDescription> Tensors { get; }

    public Tensor Load(string key)
    {
        if (!views.TryGetValue(key, out var view)) throw new KeyNotFoundException($"'{Origin}' has no tensor '{key}'.");
        var stored = source.Load(view.SourceKey);
        if (view.Transform is null) return stored;
        using (stored) return view.Transform(stored);
    }

    public void Dispose()
    {
        if (ownsSource) source.Dispose();
    }

    static TensorDescription Describe(TensorDescription stored, TensorView view) =>
        view.Shape is null ? stored : stored with { Shape = view.Shape };
}
