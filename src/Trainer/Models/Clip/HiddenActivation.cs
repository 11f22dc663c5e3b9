using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Non-linearity of a CLIP MLP, as <c>hidden_act</c> names it.</summary>
public enum HiddenActivation
{
    /// <summary>x * sigmoid(1.702 x): OpenAI's CLIP, SD 1.5 and SDXL's first text encoder.</summary>
    QuickGelu,

    /// <summary>The exact GELU: the LAION and PickScore models, SDXL's second text encoder.</summary>
    Gelu,
}

static class HiddenActivations
{
    public static Tensor Apply(this HiddenActivation activation, Tensor x)
    {
        if (activation == HiddenActivation.Gelu) return nn.functional.gelu(x);
        using var gate = (1.702 * x).sigmoid_();
        return x * gate;
    }
}
