namespace SpoActors.Trainer.Lora.Files;

enum LoraPart { Down, Up, Alpha }

/// <summary>What a name in a LoRA file says.</summary>
/// <param name="Layer">Path of the layer in the UNet; in kohya's format the name with underscores.</param>
/// <param name="Part">Which tensor of the layer.</param>
/// <param name="Format">Which format's name this is.</param>
readonly record struct LoraKey(string Layer, LoraPart Part, LoraFormat Format)
{
    public const string KohyaPrefix = "lora_unet_", DiffusersPrefix = "unet.";

    static readonly string[] OptionalPrefixes = ["base_model.model.", DiffusersPrefix];

    // What the layer's path ends with in place of the ending; only attention processors keep a part of it.
    static readonly (string Ending, string Replacement, LoraPart Part, LoraFormat Format)[] Endings =
    [
        .. from projection in (string[])["to_q", "to_k", "to_v", "to_out"]
           from part in (LoraPart[])[LoraPart.Down, LoraPart.Up]
           let ending = $".processor.{projection}_lora.{(part == LoraPart.Down ? "down" : "up")}.weight"
           select (ending, projection == "to_out" ? ".to_out.0" : $".{projection}", part, LoraFormat.AttentionProcessor),
        (".lora.down.weight", "", LoraPart.Down, LoraFormat.Diffusers),
        (".lora.up.weight", "", LoraPart.Up, LoraFormat.Diffusers),
        (".lora_A.weight", "", LoraPart.Down, LoraFormat.Peft),
        (".lora_B.weight", "", LoraPart.Up, LoraFormat.Peft),
        (".lora_A.default.weight", "", LoraPart.Down, LoraFormat.Peft),
        (".lora_B.default.weight", "", LoraPart.Up, LoraFormat.Peft),
        (".lora.alpha", "", LoraPart.Alpha, LoraFormat.Diffusers),
        (".alpha", "", LoraPart.Alpha, LoraFormat.Diffusers),
    ];

    static readonly (string Ending, LoraPart Part)[] KohyaEndings =
        [(".lora_down.weight", LoraPart.Down), (".lora_up.weight", LoraPart.Up), (".alpha", LoraPart.Alpha)];

    /// <summary>Null for names of anything but a linear LoRA on the UNet.</summary>
    public static LoraKey? Parse(string key)
    {
        if (key.StartsWith(KohyaPrefix, StringComparison.Ordinal)) return ParseKohya(key);
        if (IsOfTextEncoder(key)) return null;
        foreach (var (ending, replacement, part, format) in Endings)
        {
            if (!key.EndsWith(ending, StringComparison.Ordinal)) continue;
            var layer = WithoutPrefixes(key[..^ending.Length]) + replacement;
            return layer.Length == 0 ? null : new LoraKey(layer, part, format);
        }
        return null;
    }

    public static bool IsOfTextEncoder(string key) =>
        key.StartsWith("lora_te", StringComparison.Ordinal) || key.StartsWith("text_encoder", StringComparison.Ordinal);

    static LoraKey? ParseKohya(string key)
    {
        foreach (var (ending, part) in KohyaEndings)
        {
            if (key.EndsWith(ending, StringComparison.Ordinal) && key.Length > KohyaPrefix.Length + ending.Length)
                return new LoraKey(key[KohyaPrefix.Length..^ending.Length], part, LoraFormat.Kohya);
        }
        return null;
    }

    static string WithoutPrefixes(string path)
    {
        foreach (var prefix in OptionalPrefixes)
            if (path.StartsWith(prefix, StringComparison.Ordinal)) path = path[prefix.Length..];
        return path;
    }
}
