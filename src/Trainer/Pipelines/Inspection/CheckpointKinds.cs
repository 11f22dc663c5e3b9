using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.SingleFile;
using SpoActors.Trainer.Lora.Files;

namespace SpoActors.Trainer.Pipelines.Inspection;

/// <summary>Tells checkpoints apart by the tensors that only one kind has.</summary>
static class CheckpointKinds
{
    public static CheckpointKind Of(ITensorSource source)
    {
        bool Has(string key) => source.Tensors.ContainsKey(key) || source.Tensors.ContainsKey("model." + key);
        if (LoraWeights.IsAdapter(source)) return CheckpointKind.Lora;
        if (SingleFileModel.Recognises(source)) return CheckpointKind.SingleFile;
        if (Has("conv_in.weight") && Has("time_embedding.linear_1.weight")) return CheckpointKind.UNet;
        if (Has("encoder.conv_in.weight") && Has("decoder.conv_in.weight")) return CheckpointKind.Vae;
        if (Has("vision_model.embeddings.class_embedding"))
            return source.Tensors.Keys.Any(k => k.Contains("adaLN_modulation", StringComparison.Ordinal)) ? CheckpointKind.StepAwarePreferenceModel : CheckpointKind.Clip;
        if (Has("text_model.embeddings.token_embedding.weight")) return CheckpointKind.ClipTextEncoder;
        if (Has("visual.conv1.weight")) return CheckpointKind.OpenClip;
        if (Has("blip.visual_encoder.cls_token")) return CheckpointKind.ImageReward;
        return Has("layers.0.weight") && Has("layers.7.weight") ? CheckpointKind.AestheticHead : CheckpointKind.Unknown;
    }

    /// <summary>Which Stable Diffusion a file belongs to; null where it cannot be told.</summary>
    public static string? Family(ITensorSource source)
    {
        if (AnyBegins(source, SingleFileModel.XlSecondPrefix)) return "SDXL";
        if (AnyBegins(source, SingleFileModel.RefinerPrefix)) return "SDXL refiner";
        if (AnyBegins(source, SingleFileModel.Sd2TextPrefix)) return "SD 2.x";
        return TextWidth(source) switch { 768 => "SD 1.x", 1024 => "SD 2.x", 1280 => "SDXL refiner", 2048 => "SDXL", _ => null };
    }

    // The width of the text states that the UNet attends to. Of a LoRA's factors the one on the input side has it.
    static long? TextWidth(ITensorSource source)
    {
        foreach (var (key, description) in source.Tensors)
        {
            var isWeight = key.Contains("attn2.to_k.weight", StringComparison.Ordinal) || IsTextProjectionOfLora(key);
            if (isWeight && description.Shape is [_, var width, ..]) return width;
        }
        return null;
    }

    static bool IsTextProjectionOfLora(string key) =>
        LoraKey.Parse(key) is { Part: LoraPart.Down } lora && (lora.Layer.EndsWith("attn2.to_k", StringComparison.Ordinal) || lora.Layer.EndsWith("attn2_to_k", StringComparison.Ordinal));

    static bool AnyBegins(ITensorSource source, string prefix) => source.Tensors.Keys.Any(k => k.StartsWith(prefix, StringComparison.Ordinal));
}
