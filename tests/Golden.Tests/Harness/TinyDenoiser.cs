using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Golden.Tests.Harness;

/// <summary>
/// The differentiable model of the objectives' cases: a convolution of x, scaled by the timestep, plus a linear function of the prompt's
/// vector.
/// </summary>
sealed class TinyDenoiser
{
    readonly IReadOnlyDictionary<string, Tensor> weights;
    readonly ScalarType arithmetic;

    TinyDenoiser(IReadOnlyDictionary<string, Tensor> weights, ScalarType arithmetic, bool isGuided, double guidanceScale) =>
        (this.weights, this.arithmetic, IsGuided, GuidanceScale) = (weights, arithmetic, isGuided, guidanceScale);

    /// <summary>The recorded weights of a model, such as <c>policy</c>, as parameters.</summary>
    /// <param name="golden">The case.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="arithmetic">What it computes in; predictions are float32.</param>
    public static TinyDenoiser Load(GoldenCase golden, string model, ScalarType arithmetic) => Of(golden, arithmetic, golden.Tensors.Tensors.Keys
        .Where(k => k.StartsWith(model + ".", StringComparison.Ordinal))
        .ToDictionary(k => k[(model.Length + 1)..], k => (Tensor)new Parameter(golden.Tensor(k).clone())));

    /// <summary>The same model with given weights.</summary>
    public static TinyDenoiser Of(GoldenCase golden, ScalarType arithmetic, IReadOnlyDictionary<string, Tensor> weights)
    {
        var scale = golden.Config.TryGetProperty("guidance_scale", out var guidance) ? guidance.GetDouble() : 1;
        var isOff = !golden.Config.TryGetProperty("guidance_scale", out _) || (golden.Config.TryGetProperty("cfg", out var cfg) && !cfg.GetBoolean());
        return new TinyDenoiser(weights, arithmetic, !isOff, scale);
    }

    /// <summary>Whether the case calls the model with classifier-free guidance.</summary>
    public bool IsGuided { get; }

    public double GuidanceScale { get; }

    public IEnumerable<(string Name, Parameter Parameter)> Parameters => weights.Select(w => (w.Key, (Parameter)w.Value));

    /// <summary>The prediction, guided where the case says so.</summary>
    /// <param name="x">x_t, [B, C, H, W].</param>
    /// <param name="t">t of each row, int64.</param>
    /// <param name="prompt">The prompts' vectors, [B, D].</param>
    /// <param name="negative">The negative prompts', read only with guidance.</param>
    public Tensor Predict(Tensor x, Tensor t, Tensor prompt, Tensor? negative = null) =>
        IsGuided ? ClassifierFreeGuidance.Combine(Once(x, t, negative!), Once(x, t, prompt), GuidanceScale) : Once(x, t, prompt);

    Tensor Once(Tensor x, Tensor t, Tensor prompt)
    {
        var factor = 1 + 0.1 * (As(t) / 100).cos();
        var text = nn.functional.linear(As(prompt), As(weights["text.weight"]), As(weights["text.bias"]));
        var spatial = nn.functional.conv2d(As(x), As(weights["conv.weight"]), As(weights["conv.bias"]), padding: [1, 1]);
        return (spatial * factor.reshape(-1, 1, 1, 1) + text.unsqueeze(-1).unsqueeze(-1)).to_type(ScalarType.Float32);
    }

    Tensor As(Tensor tensor) => tensor.to_type(arithmetic);
}
