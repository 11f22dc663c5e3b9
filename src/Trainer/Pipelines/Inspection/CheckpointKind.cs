namespace SpoActors.Trainer.Pipelines.Inspection;

/// <summary>What a checkpoint is.</summary>
public enum CheckpointKind
{
    /// <summary>None of the others.</summary>
    Unknown,

    /// <summary>A folder with <c>model_index.json</c>.</summary>
    DiffusersFolder,

    /// <summary>A whole SD 1.x, 2.x or XL model in the original code's layout.</summary>
    SingleFile,

    /// <summary>diffusers' UNet2DConditionModel.</summary>
    UNet,

    /// <summary>diffusers' AutoencoderKL.</summary>
    Vae,

    /// <summary>transformers' CLIPTextModel, with or without a projection.</summary>
    ClipTextEncoder,

    /// <summary>transformers' CLIPModel, such as PickScore.</summary>
    Clip,

    /// <summary>open_clip's CLIP, such as HPSv2.</summary>
    OpenClip,

    /// <summary>The time-conditioned CLIP of step-aware preference optimization.</summary>
    StepAwarePreferenceModel,

    /// <summary>ImageReward's BLIP with its head.</summary>
    ImageReward,

    /// <summary>LAION's aesthetic head on CLIP embeddings.</summary>
    AestheticHead,

    /// <summary>A LoRA or another adapter.</summary>
    Lora,
}
