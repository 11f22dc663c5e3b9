using System.Text.Json;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Imaging;

/// <summary>From a picture to a vision tower's pixel values: shortest edge resized, centre cropped, scaled to [0, 1], normalised.</summary>
/// <param name="Size">Rows and columns of the result.</param>
/// <param name="Normalisation">Mean and deviation; null leaves the pixels in [0, 1].</param>
public sealed record ClipImageProcessor(int Size, PixelNormalisation? Normalisation)
{
    /// <summary>
    /// transformers' CLIPImageProcessor (PickScore, the data of the step-aware preference model): RGB first, crop offset rounded down.
    /// </summary>
    /// <returns>float32, [3, size, size].</returns>
    public Tensor Process(PixelImage image) => Scale(ResizeAndCrop(image), byDivision: false);

    /// <summary>
    /// torchvision's transform of open_clip, ImageReward and CLIP ViT-L/14: resized in the picture's own mode, crop offset rounded
    /// half to even, converted last.
    /// </summary>
    /// <returns>float32, [3, size, size].</returns>
    public Tensor ProcessAsTorchvision(PixelImage image) => Scale(ResizeAndCropAsTorchvision(image), byDivision: true);

    internal PixelImage ResizeAndCrop(PixelImage image)
    {
        image = ResizeShortestEdge(image.ToRgb());
        return image.Crop((image.Height - Size) / 2, (image.Width - Size) / 2, Size, Size);
    }

    internal PixelImage ResizeAndCropAsTorchvision(PixelImage image)
    {
        image = ResizeShortestEdge(image);
        return image.Crop(HalfToEven(image.Height - Size), HalfToEven(image.Width - Size), Size, Size).ToRgb();
    }

    PixelImage ResizeShortestEdge(PixelImage image)
    {
        var shortest = Math.Min(image.Height, image.Width);
        int Longer(int edge) => edge == shortest ? Size : (int)((long)Size * edge / (double)shortest);
        return PillowResize.Bicubic(image, Longer(image.Height), Longer(image.Width));
    }

    static int HalfToEven(int margin) => (int)Math.Round(margin / 2.0, MidpointRounding.ToEven);

    // The two libraries' roundings differ: times 1/255 in double here, divided by 255 in float there.
    Tensor Scale(PixelImage image, bool byDivision)
    {
        using var scope = NewDisposeScope();
        var values = new float[image.Data.Length];
        for (var i = 0; i < values.Length; i++) values[i] = byDivision ? image.Data[i] / 255f : (float)(image.Data[i] * (1.0 / 255));
        var unit_CHW = tensor(values, [image.Height, image.Width, image.Channels]).permute(2, 0, 1).contiguous();
        return (Normalisation?.Apply(unit_CHW) ?? unit_CHW).MoveToOuterDisposeScope();
    }

    /// <summary>Reads size, mean and deviation from a <c>preprocessor_config.json</c>; defaults are CLIP's (224, OpenAI's values).</summary>
    /// <exception cref="InvalidDataException">The file is missing or malformed, or asks for another kind of preprocessing.</exception>
    public static ClipImageProcessor Load(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            var json = document.RootElement;
            var size = Edge(json, "crop_size") ?? Edge(json, "size") ?? 224;
            if (Edge(json, "size") is { } resized && resized != size)
                throw new InvalidDataException($"'{path}': size {resized} and crop_size {size} differ; expected equal ones.");
            return new ClipImageProcessor(size, new PixelNormalisation(
                Values(json, "image_mean") ?? PixelNormalisation.Clip.Mean, Values(json, "image_std") ?? PixelNormalisation.Clip.Deviation));
        }
        catch (Exception e) when (e is IOException or JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{path}' cannot be read as a preprocessor_config.json: {e.Message}", e);
        }
    }

    // A number, or an object with `shortest_edge` or `height`.
    static int? Edge(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number) return value.GetInt32();
        return value.TryGetProperty("shortest_edge", out var edge) || value.TryGetProperty("height", out edge) ? edge.GetInt32() : null;
    }

    static double[]? Values(JsonElement json, string name) =>
        json.TryGetProperty(name, out var values) ? [.. values.EnumerateArray().Select(v => v.GetDouble())] : null;
}
