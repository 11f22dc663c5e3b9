namespace SpoActors.Trainer.Lora.Files;

/// <summary>How a LoRA file names its tensors.</summary>
public enum LoraFormat
{
    /// <summary><c>unet.PATH.lora.down.weight</c>: diffusers up to 0.26, and what is written here.</summary>
    Diffusers,

    /// <summary><c>unet.PATH.lora_A.weight</c>: peft and later diffusers.</summary>
    Peft,

    /// <summary><c>unet.ATTENTION.processor.to_q_lora.down.weight</c>: diffusers before it used peft.</summary>
    AttentionProcessor,

    /// <summary><c>lora_unet_PATH_WITH_UNDERSCORES.lora_down.weight</c> with <c>.alpha</c>: kohya-ss and the web interfaces.</summary>
    Kohya,
}
