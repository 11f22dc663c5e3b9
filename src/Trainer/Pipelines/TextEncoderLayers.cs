using System.Globalization;
using SpoActors.Trainer.Models.Clip;

namespace SpoActors.Trainer.Pipelines;

/// <summary>
/// "Clip skip" in a file: the configuration asks for fewer layers than the weights have, so that the last ones are left out. transformers
/// does so without a word.
/// </summary>
static class TextEncoderLayers
{
    const string Layers = "text_model.encoder.layers.";

    /// <summary>Whether a key is of a layer behind the last that the configuration asks for.</summary>
    public static Func<string, bool> Beyond(ClipTextConfig config) => key => key.StartsWith(Layers, StringComparison.Ordinal)
        && int.TryParse(key.AsSpan(Layers.Length, Math.Max(0, key.IndexOf('.', Layers.Length) - Layers.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
        && layer >= config.NumHiddenLayers;
}
