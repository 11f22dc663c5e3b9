namespace SpoActors.Trainer.Lora.Files;

/// <summary>Adapters that are not a product of two factors, by the tensors that only they have.</summary>
static class OtherAdapters
{
    static readonly (string Mark, string Name)[] Within =
    [
        (".dora_scale", "DoRA"), (".lora_magnitude_vector", "DoRA"), (".hada_", "LoHa"), (".lokr_", "LoKr"), (".lora_mid.", "LoRA with a Tucker core (lora_mid)"),
        (".oft_", "OFT"), (".boft_", "BOFT"), (".ia3_", "(IA)^3"), (".vera_lambda", "VeRA"), (".lora_B.bias", "LoRA with biases"),
    ];

    static readonly (string Mark, string Name)[] AtTheEnd =
    [
        (".on_input", "(IA)^3"), (".w_norm", "adapter of norms"), (".b_norm", "adapter of norms"), (".diff", "difference of whole weights"), (".diff_b", "difference of whole weights"),
    ];

    /// <summary>What a tensor of that name makes of the file; null for other names.</summary>
    public static string? NameOf(string key)
    {
        if (Array.Find(Within, m => key.Contains(m.Mark, StringComparison.Ordinal)) is { Name: { } within }) return within;
        return Array.Find(AtTheEnd, m => key.EndsWith(m.Mark, StringComparison.Ordinal)) is { Name: { } end } ? end : null;
    }
}
