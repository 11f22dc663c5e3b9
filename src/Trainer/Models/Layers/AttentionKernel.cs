using SpoActors.Specification;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// softmax(q k^T / sqrt(d)) v in three ways that differ in speed and memory only (arXiv 1706.03762, equation 1).
/// </summary>
/// <remarks>Shape letters: B batch, L queries, S keys, E = heads * D, Z = B * heads.</remarks>
public static class AttentionKernel
{
    /// <summary>
    /// Largest matrix of scores that is computed at once by sliced attention: larger ones cost page faults on the CPU, much
    /// smaller ones cost calls.
    /// </summary>
    const long SliceBytes = 64L << 20;

    /// <summary>Largest matrix of float32 scores that is kept for the backward pass; larger ones are computed again there.</summary>
    const long KeptBytes = 16L << 20;

    /// <summary>
    /// In float32 with oneDNN the fused kernel wins from here on: it asks for a product for each head and tile, and small ones cost ten times what they compute.
    /// </summary>
    const long LongSequence = 1024;

    /// <summary>From this width of a head on, two products of whole matrices win at any length.</summary>
    const long WideHead = 128;

    /// <param name="query_BLE">[B, L, E].</param>
    /// <param name="key_BSE">[B, S, E].</param>
    /// <param name="value_BSE">[B, S, E].</param>
    /// <param name="heads">Number of heads that E is split into.</param>
    /// <param name="kind">How to compute.</param>
    /// <param name="upcast">Compute scores and softmax in float32.</param>
    /// <param name="mask">Broadcast to [B, heads, L, S]: true where a query may attend to a key, or numbers that are added to the scores.</param>
    /// <param name="causal">Whether a query sees only the keys before it and its own, where there is no mask.</param>
    /// <returns>[B, L, E].</returns>
    public static Tensor Attend(
        Tensor query_BLE, Tensor key_BSE, Tensor value_BSE, int heads, AttentionKind kind, bool upcast = false, Tensor? mask = null, bool causal = false)
    {
        using var scope = NewDisposeScope();
        if ((upcast || ComputeType.Of(query_BLE) != query_BLE.dtype) && query_BLE.dtype != ScalarType.Float32)
        {
            var (q, k, v) = (query_BLE.to_type(ScalarType.Float32), key_BSE.to_type(ScalarType.Float32), value_BSE.to_type(ScalarType.Float32));
            return Attend(q, k, v, heads, kind, mask: mask, causal: causal).to_type(query_BLE.dtype).MoveToOuterDisposeScope();
        }
        kind = Resolve(kind, query_BLE, key_BSE, heads, NativeLibtorch.Report.OneDnnMultiplies);
        // Masks are for texts, whose scores are small: no need of slices.
        var output = kind == AttentionKind.Fused
            ? Fused(query_BLE, key_BSE, value_BSE, heads, mask, causal && mask is null)
            : Explicit(query_BLE, key_BSE, value_BSE, heads, sliced: kind == AttentionKind.Sliced && mask is null && !causal, mask ?? (causal ? Causal(query_BLE, key_BSE) : null));
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What Auto stands for: on a CPU two matrix products and a softmax where they are faster than the fused kernel (bfloat16, and float32 where oneDNN
    /// multiplies, see <see cref="LongSequence"/>), in slices where all scores would take too much memory; the fused kernel everywhere else. It
    /// doesn't depend on whether gradients are wanted, so that a recomputed block gives the same bits.
    /// </summary>
    internal static AttentionKind Resolve(AttentionKind kind, Tensor query_BLE, Tensor key_BSE, int heads, bool oneDnnMultiplies)
    {
        if (kind != AttentionKind.Auto) return kind;
        if (query_BLE.device_type != TorchSharp.DeviceType.CPU || !IsFasterInParts()) return AttentionKind.Fused;
        return ScoreBytes(query_BLE.shape[0] * heads, query_BLE.shape[1], key_BSE.shape[1], query_BLE.ElementSize) > (query_BLE.dtype == ScalarType.Float32 ? KeptBytes : SliceBytes)
            ? AttentionKind.Sliced
            : AttentionKind.Plain;

        bool IsFasterInParts() => query_BLE.dtype == ScalarType.BFloat16
            || oneDnnMultiplies && query_BLE.dtype == ScalarType.Float32 && (key_BSE.shape[1] < LongSequence || query_BLE.shape[2] / heads >= WideHead);
    }

    static long ScoreBytes(long matrices, long queries, long keys, long elementSize) => matrices * queries * keys * elementSize;

    static Tensor Causal(Tensor query_BLE, Tensor key_BSE) => ones(query_BLE.shape[1], key_BSE.shape[1], ScalarType.Bool, query_BLE.device).tril();

    static Tensor Fused(Tensor query_BLE, Tensor key_BSE, Tensor value_BSE, int heads, Tensor? mask, bool causal)
    {
        var (batch, queries) = (query_BLE.shape[0], query_BLE.shape[1]);
        var output = nn.functional.scaled_dot_product_attention(Split(query_BLE), Split(key_BSE), Split(value_BSE), mask, is_casual: causal);
        return output.transpose(1, 2).reshape(batch, queries, -1);

        Tensor Split(Tensor x_BLE) => x_BLE.view(x_BLE.shape[0], x_BLE.shape[1], heads, -1).transpose(1, 2);
    }

    static Tensor Explicit(Tensor query_BLE, Tensor key_BSE, Tensor value_BSE, int heads, bool sliced, Tensor? mask)
    {
        var (batch, queries) = (query_BLE.shape[0], query_BLE.shape[1]);
        var (q_ZLD, k_ZSD, v_ZSD) = (Split(query_BLE), Split(key_BSE), Split(value_BSE));
        var output_ZLD = sliced ? Sliced(q_ZLD, k_ZSD, v_ZSD) : Plain(q_ZLD, k_ZSD, v_ZSD, mask, heads);
        return output_ZLD.view(batch, heads, queries, -1).transpose(1, 2).reshape(batch, queries, -1);

        Tensor Split(Tensor x_BLE) =>
            x_BLE.view(x_BLE.shape[0], x_BLE.shape[1], heads, -1).transpose(1, 2).reshape(x_BLE.shape[0] * heads, x_BLE.shape[1], -1);
    }

    static Tensor Plain(Tensor q_ZLD, Tensor k_ZSD, Tensor v_ZSD, Tensor? mask = null, int heads = 1)
    {
        using var scope = NewDisposeScope();
        // Scaling the queries costs less than scaling the scores. (baddbmm would do both, but TorchSharp 0.107 mixes up its operands.)
        var scores_ZLS = (q_ZLD * (1 / Math.Sqrt(q_ZLD.shape[2]))).bmm(k_ZSD.transpose(1, 2));
        if (mask is not null)
        {
            var scores_BHLS = scores_ZLS.view(-1, heads, scores_ZLS.shape[1], scores_ZLS.shape[2]);
            if (mask.dtype == ScalarType.Bool) scores_BHLS.masked_fill_(mask.logical_not(), double.NegativeInfinity);
            else scores_BHLS.add_(mask);
        }
        using var weights_ZLS = scores_ZLS.softmax(-1);
        scores_ZLS.Dispose();
        return weights_ZLS.bmm(v_ZSD).MoveToOuterDisposeScope();
    }

    /// <summary>Whole heads at a time where a head fits into a slice, else some queries of one head at a time.</summary>
    static Tensor Sliced(Tensor q_ZLD, Tensor k_ZSD, Tensor v_ZSD)
    {
        var (matrices, queries, keys) = (q_ZLD.shape[0], q_ZLD.shape[1], k_ZSD.shape[1]);
        var headBytes = ScoreBytes(1, queries, keys, q_ZLD.ElementSize);
        var heads = Math.Max(1, SliceBytes / headBytes);
        var rows = headBytes <= SliceBytes ? queries : Math.Max(1, queries * SliceBytes / headBytes);
        var slices = new List<Tensor>();
        for (long z = 0; z < matrices; z += heads)
        {
            var count = Math.Min(heads, matrices - z);
            var (k, v) = (k_ZSD.narrow(0, z, count), v_ZSD.narrow(0, z, count));
            var rowSlices = new List<Tensor>();
            for (long row = 0; row < queries; row += rows)
                rowSlices.Add(Slice(q_ZLD.narrow(0, z, count).narrow(1, row, Math.Min(rows, queries - row)), k, v));
            slices.Add(rowSlices.Count == 1 ? rowSlices[0] : cat(rowSlices, 1));
        }
        return slices.Count == 1 ? slices[0] : cat(slices, 0);
    }

    // Under autograd a slice's scores are recomputed in the backward pass: kept, they would add up to the whole matrix again.
    static Tensor Slice(Tensor q_ZLD, Tensor k_ZSD, Tensor v_ZSD) =>
        GradientCheckpoint.Run(static qkv => Plain(qkv[0]!, qkv[1]!, qkv[2]!), q_ZLD, k_ZSD, v_ZSD);
}
