using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>Prompts that are tensors with a row for each.</summary>
sealed class PromptTensors : IPreparedPrompts
{
    readonly Tensor[] tensors;

    /// <param name="tensors">Owned from now on.</param>
    public PromptTensors(params Tensor[] tensors) => this.tensors = [.. tensors.Select(t => t.DetachFromDisposeScope())];

    public int Count => (int)tensors[0].shape[0];

    public Tensor this[int index] => tensors[index];

    public IPreparedPrompts Rows(IReadOnlyList<int> rows)
    {
        using var index = tensor(rows.Select(r => (long)r).ToArray());
        using var here = index.to(tensors[0].device);
        return new PromptTensors([.. tensors.Select(t => t.index_select(0, here))]);
    }

    public void Dispose()
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }
}
