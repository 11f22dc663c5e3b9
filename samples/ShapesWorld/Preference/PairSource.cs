using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>
/// Training pairs: half of them by the model, half renders of one caption in two qualities, of which some have one image of another
/// caption. Renders cover qualities and mistakes that the model rarely shows.
/// </summary>
public sealed class PairSource : IPairSource
{
    const double WrongCaptionShare = 0.3;

    readonly List<LabelledPair> pairs = [];
    readonly SceneRenderer renderer = new();
    readonly ulong seed;

    /// <param name="folder">Files of <see cref="PreferenceImages"/>.</param>
    /// <param name="seed">Of batches and renders.</param>
    /// <exception cref="InvalidDataException">There are none, or they are damaged.</exception>
    public PairSource(string folder, ulong seed)
    {
        this.seed = seed;
        var files = Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.parquet").Order(StringComparer.Ordinal).ToList() : [];
        if (files.Count == 0) throw new InvalidDataException($"'{folder}' holds no parquet files of preferences; make them first.");
        foreach (var example in files.SelectMany(PickAPicFile.Read))
            pairs.Add(new LabelledPair(example.Caption, Decode(example.Image0), Decode(example.Image1), example.Label0, example.Label1));
    }

    /// <summary>Pairs by the model.</summary>
    public int ModelPairs => pairs.Count;

    /// <summary>None: renders never end.</summary>
    public int? Count => null;

    public IReadOnlyList<LabelledPair> Batch(int step, int size)
    {
        var random = new SceneRandom(seed, WorldDraw.Order, (uint)step, 1);
        var chosen = new List<LabelledPair>();
        for (var i = 0; i < size; i++)
            chosen.Add(i % 2 == 0 ? pairs[random.Below(pairs.Count)] : Render(ref random, (uint)(step * size + i)));
        return chosen;
    }

    public void Dispose() => renderer.Dispose();

    LabelledPair Render(ref SceneRandom random, uint index)
    {
        var caption = PromptSplit.Draw(seed ^ 0x9A1, index, heldOut: false);
        var (first, second) = (SceneGenerator.Create(caption, seed, 2 * index), SceneGenerator.Create(caption, seed, 2 * index + 1));
        var (soft0, soft1) = (1.0, 1.0);
        if (random.Uniform(0, 1) < WrongCaptionShare)
        {
            var other = SceneGenerator.Create(PromptSplit.Draw(seed ^ 0x9A2, index, heldOut: false), seed, 2 * index + 1, second.Quality);
            var soft = SoftOf(caption, other);
            if (random.Below(2) == 0) (first, soft0) = (other with { Quality = first.Quality }, soft);
            else (second, soft1) = (other, soft);
        }
        var label = Utility.Label(Utility.Of(first.Quality.Aesthetics, soft0), Utility.Of(second.Quality.Aesthetics, soft1), ref random);
        return new LabelledPair(caption.Caption, Picture(first), Picture(second), label, 1 - label);
    }

    static double SoftOf(SceneDescription caption, Scene scene) => Oracles.Alignment.Of(caption,
        [.. scene.Objects.Select(o => new Oracles.FoundObject(o.Colour, o.Shape, o.X, o.Y, o.Radius, 1))]).Soft;

    PixelImage Picture(Scene scene) => new(Scene.Size, Scene.Size, 3, renderer.Render(scene));

    static PixelImage Decode(byte[] picture) => PhotoImage.Decode(picture, "an image of the preference data");
}
