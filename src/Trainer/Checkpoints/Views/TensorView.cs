using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.Views;

/// <summary>How one tensor of a view comes from the source below it.</summary>
/// <param name="SourceKey">Its key there.</param>
/// <param name="Shape">Its shape in the view; null for the source's.</param>
/// <param name="Transform">A view of the stored tensor with that shape, such as a transpose or a slice; null for the tensor as it is.</param>
public sealed record TensorView(string SourceKey, IReadOnlyList<long>? Shape = null, Func<Tensor, Tensor>? Transform = null);
