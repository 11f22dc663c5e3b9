using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Lora.Files;

enum LoraPart { Down, Up, Alpha }

/// <summary>What a name in a LoRA file says.</summary>
/// <param name="Layer">Path of the layer in the UNet; where <paramref name="IsFlat"/> with underscores for dots.</param>
/// <param name="Part">Which tensor of the layer.</param>
/// <param name="Format">Which format's name this is.</param>
/// <param name="IsFlat">The path is to be worked out from the name, as kohya's are.</param>
readonly partial record struct LoraKey(string Layer, LoraPart Part, LoraFormat Format, bool IsFlat = false)
{
    public const string KohyaPrefix = "lora_unet_", DiffusersPrefix = "unet.";

    // Converters put them before each other in any order, and before names that have them already.
    static readonly string[] Prefixes = ["base_model.", "model.", "module.", DiffusersPrefix, "diffusion_model.", "lora_unet.", KohyaPrefix];

    static readonly string[] TextEncoders = ["lora_te", "text_encoder", "text_model.", "te1.", "te2.", "te_", "te1_", "te2_", "cond_stage_model.", "conditioner.", "bundle_emb."];

    // What the layer's path ends with in place of the ending; only attention processors keep a part of it.
    static readonly (string Ending, string Replacement, LoraPart Part, LoraFormat Format)[] Endings =
    [
        .. from place in (string[])[".processor.", "."]
           from projection in (string[])["to_q", "to_k", "to_v", "to_out"]
           from part in ((string, LoraPart)[])[("down.weight", LoraPart.Down), ("up.weight", LoraPart.Up), ("alpha", LoraPart.Alpha), ("network_alpha", LoraPart.Alpha)]
           select ($"{place}{projection}_lora.{part.Item1}", projection == "to_out" ? ".to_out.0" : $".{projection}", part.Item2, LoraFormat.AttentionProcessor),
        (".lora.down.weight", "", LoraPart.Down, LoraFormat.Diffusers),
        (".lora.up.weight", "", LoraPart.Up, LoraFormat.Diffusers),
        (".lora_linear_layer.down.weight", "", LoraPart.Down, LoraFormat.Diffusers),
        (".lora_linear_layer.up.weight", "", LoraPart.Up, LoraFormat.Diffusers),
        (".lora_down.weight", "", LoraPart.Down, LoraFormat.Kohya),
        (".lora_up.weight", "", LoraPart.Up, LoraFormat.Kohya),
        (".lora.alpha", "", LoraPart.Alpha, LoraFormat.Diffusers),
        (".alpha", "", LoraPart.Alpha, LoraFormat.Diffusers),
    ];

    /// <summary>Null for names of anything but a LoRA's factors on the UNet.</summary>
    public static LoraKey? Parse(string key)
    {
        if (IsOfTextEncoder(key)) return null;
        // peft puts the adapter's name, mostly "default", before the last part.
        if (PeftEnding().Match(key) is { Success: true } peft)
            return Of(key[..peft.Index], "", peft.Groups["factor"].Value == "A" ? LoraPart.Down : LoraPart.Up, LoraFormat.Peft);
        foreach (var (ending, replacement, part, format) in Endings)
            if (key.EndsWith(ending, StringComparison.Ordinal)) return Of(key[..^ending.Length], replacement, part, format);
        return null;
    }

    public static bool IsOfTextEncoder(string key)
    {
        var (path, _) = WithoutPrefixes(key);
        return Array.Exists(TextEncoders, t => path.StartsWith(t, StringComparison.Ordinal));
    }

    static LoraKey? Of(string path, string replacement, LoraPart part, LoraFormat format)
    {
        var (layer, isFlat) = WithoutPrefixes(path);
        if (layer.Length == 0) return null;
        if (isFlat) format = LoraFormat.Kohya;
        // The original code's blocks are numbered through all levels, whatever stands between their parts.
        if (OriginalBlock().IsMatch(layer)) (layer, isFlat) = (KohyaNames.Flatten(layer), true);
        return new LoraKey(layer + replacement, part, format, isFlat);
    }

    static (string Path, bool IsFlat) WithoutPrefixes(string path)
    {
        var isFlat = false;
        while (Array.Find(Prefixes, p => path.StartsWith(p, StringComparison.Ordinal)) is { } prefix)
        {
            path = path[prefix.Length..];
            isFlat |= prefix == KohyaPrefix;
        }
        return (path, isFlat);
    }

    [GeneratedRegex(@"\.lora_(?<factor>[AB])(?:\.[^.]{1,100})?\.weight\z")]
    private static partial Regex PeftEnding();

    [GeneratedRegex(@"^(?:input_blocks|output_blocks|middle_block)\.[0-9]")]
    private static partial Regex OriginalBlock();
}
