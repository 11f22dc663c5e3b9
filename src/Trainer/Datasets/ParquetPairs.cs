using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Randomness;

namespace SpoActors.Trainer.Datasets;

/// <summary>
/// Pairs of parquet files in a random order, streamed: an epoch visits the row groups in random order, some at a time, and the rows of
/// those in random order. Only their encoded images are in memory. Belongs to one thread.
/// </summary>
/// <param name="index">The rows.</param>
/// <param name="seed">Of the order.</param>
/// <param name="mixedRowGroups">Row groups held and mixed.</param>
/// <param name="skipUndecodable">Leave out pairs with an image that cannot be decoded.</param>
public sealed class ParquetPairs(PairIndex index, ulong seed, int mixedRowGroups, bool skipUndecodable = false) : IPairSource
{
    /// <summary>A window's pairs, encoded, in the order in which they are visited.</summary>
    sealed record Window(int Epoch, int Number, IReadOnlyList<(PairGroup Group, int Row, PreferenceExample Example)> Pairs);

    sealed record EpochPlan(int Epoch, long[] Groups, int[] WindowStarts);

    EpochPlan? plan;
    Window? window;

    public int? Count => index.Count;

    /// <summary>Pairs left out so far because an image could not be decoded.</summary>
    public int Skipped { get; private set; }

    public IReadOnlyList<LabelledPair> Batch(int step, int size) => Take((long)step * size, size);

    /// <summary>Pairs at consecutive places of the endless order of epochs.</summary>
    public IReadOnlyList<LabelledPair> Take(long position, int count)
    {
        var encoded = Enumerable.Range(0, count).Select(i => At(position + i)).ToList();
        var decoded = encoded.AsParallel().AsOrdered().Select(Decode).ToList();
        if (!skipUndecodable && decoded.Find(d => d.Problem is not null) is { Problem: { } problem })
            throw new InvalidDataException(problem + " Correct the file, or leave such pairs out with data.skip_undecodable.");
        Skipped += decoded.Count(d => d.Pair is null);
        return [.. decoded.Select(d => d.Pair).OfType<LabelledPair>()];
    }

    public void Dispose() => window = null;

    (PairGroup Group, int Row, PreferenceExample Example) At(long position)
    {
        var (epoch, offset) = ((int)(position / index.Count), (int)(position % index.Count));
        if (plan?.Epoch != epoch) plan = Plan(epoch);
        var number = Array.BinarySearch(plan.WindowStarts, offset);
        if (number < 0) number = ~number - 1;
        if (window is null || window.Epoch != epoch || window.Number != number) window = Load(plan, number);
        return window.Pairs[offset - plan.WindowStarts[number]];
    }

    EpochPlan Plan(int epoch)
    {
        var groups = new PhiloxStream(seed, DrawPurpose.PairOrder, (uint)epoch, 0).Permutation(index.Groups.Count);
        var starts = new List<int>();
        var start = 0;
        foreach (var chunk in groups.Chunk(mixedRowGroups))
        {
            starts.Add(start);
            start += chunk.Sum(g => index.Groups[(int)g].Rows.Length);
        }
        return new EpochPlan(epoch, groups, [.. starts]);
    }

    Window Load(EpochPlan plan, int number)
    {
        window = null;
        var pairs = plan.Groups.Skip(number * mixedRowGroups).Take(mixedRowGroups).SelectMany(g => Load(index.Groups[(int)g])).ToList();
        var order = new PhiloxStream(seed, DrawPurpose.PairOrder, (uint)plan.Epoch, (uint)number + 1).Permutation(pairs.Count);
        return new Window(plan.Epoch, number, [.. order.Select(i => pairs[(int)i])]);
    }

    static List<(PairGroup, int, PreferenceExample)> Load(PairGroup group)
    {
        using var reader = new PickAPicReader(group.File);
        var (rows, images) = (reader.Rows(group.RowGroup), reader.Images(group.RowGroup));
        return [.. group.Rows.Select(i => (group, i, new PreferenceExample(
            rows[i].Caption, images[i].First, images[i].Second, rows[i].Label0, rows[i].Label1, rows[i].ExamplesPerPrompt)))];
    }

    static (LabelledPair? Pair, string? Problem) Decode((PairGroup Group, int Row, PreferenceExample Example) at)
    {
        var example = at.Example;
        PixelImage Image(byte[] encoded, string column) =>
            PhotoImage.Decode(encoded, FormattableString.Invariant($"'{at.Group.File}', row {at.Group.FirstRow + at.Row}: the image in {column}"));
        try
        {
            return (new LabelledPair(example.Caption, Image(example.Image0, PickAPicFile.Image0), Image(example.Image1, PickAPicFile.Image1),
                example.Label0, example.Label1, example.ExamplesPerPrompt), null);
        }
        catch (InvalidDataException e)
        {
            return (null, e.Message);
        }
    }
}
