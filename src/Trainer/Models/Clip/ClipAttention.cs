using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Multi-head self-attention of both CLIP towers, scale 1/sqrt(head width).</summary>
/// <remarks>Shape letters: B batch, L tokens, D width, H heads.</remarks>
sealed class ClipAttention : Module
{
    readonly TorchSharp.Modules.Linear q_proj, k_proj, v_proj, out_proj;
    readonly int heads;

    public ClipAttention(int hiddenSize, int heads, Device? device, ScalarType dtype) : base(nameof(ClipAttention))
    {
        this.heads = heads;
        q_proj = Linear(hiddenSize, hiddenSize, device: device, dtype: dtype);
        k_proj = Linear(hiddenSize, hiddenSize, device: device, dtype: dtype);
        v_proj = Linear(hiddenSize, hiddenSize, device: device, dtype: dtype);
        out_proj = Linear(hiddenSize, hiddenSize, device: device, dtype: dtype);
        RegisterComponents();
    }

    /// <param name="x_BLD">Hidden states.</param>
    /// <param name="mask_B1LL">True where a query may attend to a key; null for every key, or those before it.</param>
    /// <param name="causal">Whether tokens see only those before them, when there is no mask.</param>
    public Tensor forward(Tensor x_BLD, Tensor? mask_B1LL, bool causal)
    {
        using var scope = NewDisposeScope();
        // In smaller types the fused kernel alone computes the softmax in float32.
        var kind = x_BLD.dtype == ScalarType.Float32 ? AttentionKind.Auto : AttentionKind.Fused;
        var attended_BLD = AttentionKernel.Attend(q_proj.forward(x_BLD), k_proj.forward(x_BLD), v_proj.forward(x_BLD), heads, kind, mask: mask_B1LL, causal: causal);
        return out_proj.forward(attended_BLD).MoveToOuterDisposeScope();
    }
}
