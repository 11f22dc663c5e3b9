using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>A recorded UNet and its inputs.</summary>
sealed class UNetCase
{
    readonly Dictionary<string, Tensor> floats = new(StringComparer.Ordinal);

    /// <param name="golden">The case.</param>
    /// <param name="requiresGrad">Whether gradients of the inputs are wanted.</param>
    /// <param name="tensors">Where the inputs are; null for the case's own.</param>
    public UNetCase(GoldenCase golden, bool requiresGrad, ITensorSource? tensors = null)
    {
        tensors ??= golden.Tensors;
        foreach (var name in (string[])["sample", "encoder_hidden_states", "text_embeds", "time_ids"])
            if (tensors.Tensors.ContainsKey(name)) floats[name] = tensors.Load(name).clone().requires_grad_(requiresGrad);
        Timestep = tensors.Load("timestep");
        Conditioning = new(floats["encoder_hidden_states"], floats.GetValueOrDefault("text_embeds"), floats.GetValueOrDefault("time_ids"));
    }

    public Tensor Sample => floats["sample"];

    public Tensor Timestep { get; }

    public UNetConditioning Conditioning { get; }

    public static UNet2DCondition Load(GoldenCase golden, string folder) => Fill.From(
        new UNet2DCondition(UNetConfig.Load(golden.Path($"{folder}/config.json"))), golden.Path($"{folder}/diffusion_pytorch_model.safetensors"));

    public Tensor Predict(UNet2DCondition model) => model.call(Sample, Timestep, Conditioning);

    public Tensor? GradientOf(string input) => floats.GetValueOrDefault(input)?.grad;
}
