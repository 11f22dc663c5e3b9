using System.Globalization;
using System.Text.Json;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Imaging;

/// <summary>From a picture to a vision tower's pixel values: shortest edge resized, centre cropped, scaled to [0, 1], normalised.</summary>
/// <param name="Size">Rows and columns of the result.</param>
/// <param name="Normalisation">Mean and deviation; null leaves the pixels in [0, 1].</param>
public sealed record ClipImageProcessor(int Size, PixelNormalisation? Normalisation)
{
    const int LargestFile = 1 << 20, LargestSide = 4096, Channels = 3;

    /// <summary>Steps that are always taken, and how: bicubic (3), divided by 255.</summary>
    static readonly (string Key, string Expected)[] Fixed =
    [
        ("do_resize", "true"), ("do_center_crop", "true"), ("do_rescale", "true"), ("do_normalize", "true"), ("resample", "3"), ("rescale_factor", "0.00392156862745098"),
    ];

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

    /// <summary>
    /// The preprocessing that a model's folder describes, and the file that does: <c>preprocessor_config.json</c>, or since transformers 5
    /// <c>processor_config.json</c> with an <c>image_processor</c>. Null where there is neither.
    /// </summary>
    /// <exception cref="InvalidDataException">A file is malformed, asks for another kind of preprocessing, or the two differ.</exception>
    public static (ClipImageProcessor Processor, string Path)? InFolder(string folder)
    {
        var (old, current) = (Path.Combine(folder, "preprocessor_config.json"), Path.Combine(folder, "processor_config.json"));
        var own = File.Exists(old) ? Load(old) : null;
        var nested = File.Exists(current) ? Read(current, json => json.TryGetProperty("image_processor", out var inner) ? Parse(inner, current) : null) : null;
        if (own is not null && nested is not null && !own.IsSame(nested))
            throw new InvalidDataException($"'{old}' and '{current}' describe different pictures; delete the one that is not the model's.");
        return own is not null ? (own, old) : nested is not null ? (nested, current) : null;
    }

    /// <summary>Reads size, mean and deviation from a <c>preprocessor_config.json</c>; defaults are CLIP's (224, OpenAI's values).</summary>
    /// <exception cref="InvalidDataException">The file is missing or malformed, or asks for another kind of preprocessing.</exception>
    public static ClipImageProcessor Load(string path) => Read(path, json => Parse(json, path))!;

    bool IsSame(ClipImageProcessor other) => Size == other.Size && Normalisation!.Mean.SequenceEqual(other.Normalisation!.Mean) && Normalisation.Deviation.SequenceEqual(other.Normalisation.Deviation);

    static ClipImageProcessor? Read(string path, Func<JsonElement, ClipImageProcessor?> parse)
    {
        try
        {
            var bytes = InputFile.ReadAll(path, LargestFile);
            using var document = JsonDocument.Parse(bytes.AsMemory(bytes is [0xef, 0xbb, 0xbf, ..] ? 3 : 0));
            return parse(document.RootElement);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"'{path}' cannot be read as an image processor's settings: {e.Message}", e);
        }
    }

    static ClipImageProcessor Parse(JsonElement json, string path)
    {
        foreach (var (key, expected) in Fixed)
            if (json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null && !IsFixed(value, expected))
                throw new InvalidDataException($"'{path}': {key} is {value.GetRawText()}; supported: {expected}.");
        var size = Edge(json, "crop_size") ?? Edge(json, "size") ?? 224;
        if (Edge(json, "size") is { } resized && resized != size)
            throw new InvalidDataException($"'{path}': size {resized} and crop_size {size} differ; expected equal ones.");
        if (size is < 1 or > LargestSide) throw new InvalidDataException($"'{path}': size is {size}; expected 1 to {LargestSide}.");
        var normalisation = new PixelNormalisation(Values(json, "image_mean") ?? PixelNormalisation.Clip.Mean, Values(json, "image_std") ?? PixelNormalisation.Clip.Deviation);
        if (normalisation.Mean.Count != Channels || !normalisation.Mean.All(double.IsFinite) || normalisation.Deviation.Count != Channels || !normalisation.Deviation.All(d => double.IsFinite(d) && d > 0))
            throw new InvalidDataException($"'{path}': image_mean is [{string.Join(", ", normalisation.Mean)}], image_std [{string.Join(", ", normalisation.Deviation)}]; "
                + "expected three finite numbers each, the deviations above 0.");
        return new ClipImageProcessor(size, normalisation);
    }

    static bool IsFixed(JsonElement value, string expected) => value.ValueKind == JsonValueKind.Number
        ? double.TryParse(expected, CultureInfo.InvariantCulture, out var number) && Math.Abs(value.GetDouble() - number) < 1e-9
        : value.GetRawText() == expected;

    // A number, or an object with `shortest_edge` or `height`.
    static int? Edge(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind == JsonValueKind.Number) return value.GetInt32();
        return value.TryGetProperty("shortest_edge", out var edge) || value.TryGetProperty("height", out edge) ? edge.GetInt32() : null;
    }

    static double[]? Values(JsonElement json, string name) =>
        json.TryGetProperty(name, out var values) && values.ValueKind != JsonValueKind.Null ? [.. values.EnumerateArray().Select(v => v.GetDouble())] : null;
}
