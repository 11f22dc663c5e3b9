namespace SpoActors.Trainer.Tokenization;

/// <summary>Which of the CLIP tokenizers in use to follow: they differ in how text is cleaned and cut before byte-pair encoding.</summary>
public enum ClipTokenizerKind
{
    /// <summary>transformers' CLIPTokenizer with ftfy: what diffusers' pipelines load. Cuts at special tokens first.</summary>
    Slow,

    /// <summary>The same where ftfy isn't installed.</summary>
    SlowWithoutFtfy,

    /// <summary>transformers' CLIPTokenizerFast: what AutoProcessor loads (PickScore, step-aware preference model). Form C only.</summary>
    Fast,

    /// <summary>open_clip and OpenAI's own: HTML unescaped twice more, no special tokens in the text, padded with 0 (HPSv2, aesthetic).</summary>
    OpenClip,
}
