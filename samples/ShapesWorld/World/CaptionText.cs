namespace SpoActors.ShapesWorld.World;

/// <summary>Writes and reads the world's captions.</summary>
public static class CaptionText
{
    static readonly string[] Numbers = ["two", "three", "four"];
    static readonly string[][] Relations = [["left", "of"], ["right", "of"], ["above"], ["below"]];

    /// <summary>Every word that a caption may hold.</summary>
    public static IReadOnlyList<string> Words { get; } =
    [
        "a", "an", "and", "small", "large", .. Numbers, .. Relations.SelectMany(r => r).Distinct(),
        .. Enum.GetNames<Colour>().Select(Lower), .. Enum.GetNames<Shape>().Select(Lower), .. Enum.GetValues<Shape>().Select(Plural),
    ];

    public static string Write(SceneDescription scene) => scene.Kind switch
    {
        SceneKind.Single or SceneKind.Colour => Noun(scene.Objects[0]),
        SceneKind.Count => $"{Numbers[scene.Objects.Count - SceneDescription.FewestCounted]} {Lower(scene.Objects[0].Colour.ToString())} {Plural(scene.Objects[0].Shape)}",
        SceneKind.Position => $"{Noun(scene.Objects[0])} {string.Join(' ', Relations[(int)scene.Relation!.Value])} {Noun(scene.Objects[1])}",
        _ => $"{Noun(scene.Objects[0])} and {Noun(scene.Objects[1])}",
    };

    /// <summary>Reads a caption; one object is taken as <see cref="SceneKind.Single"/>.</summary>
    /// <exception cref="FormatException">It is no caption of this world.</exception>
    public static SceneDescription Parse(string caption)
    {
        var words = new Queue<string>(caption.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Lower));
        try
        {
            if (words.TryPeek(out var first) && Array.IndexOf(Numbers, first) is >= 0 and var number)
            {
                words.Dequeue();
                var counted = new ObjectWords(Read<Colour>(words, Lower), Read<Shape>(words, name => Plural(Enum.Parse<Shape>(name))));
                return Done(new(SceneKind.Count, [.. Enumerable.Repeat(counted, number + SceneDescription.FewestCounted)]));
            }
            var one = ReadNoun(words);
            if (words.Count == 0) return new(SceneKind.Single, [one]);
            if (words.Peek() == "and")
            {
                words.Dequeue();
                var other = ReadNoun(words);
                return Done(new(one.Size == ObjectSize.Unstated ? SceneKind.Two : SceneKind.Binding, [one, other]));
            }
            var relation = Array.FindIndex(Relations, r => words.Take(r.Length).SequenceEqual(r));
            if (relation < 0) throw new FormatException($"'{words.Peek()}' is neither 'and' nor a relation");
            foreach (var _ in Relations[relation]) words.Dequeue();
            return Done(new(SceneKind.Position, [one, ReadNoun(words)], (Relation)relation));
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new FormatException($"'{caption}' is no caption of this world ({e.Message}); expected such as 'a red circle', " +
                "'three green hearts', 'a red circle and a blue star', 'a yellow square above a pink cross', 'a small blue star and a large red heart'.", e);
        }

        SceneDescription Done(SceneDescription scene) => words.Count == 0
            ? scene
            : throw new FormatException($"'{string.Join(' ', words)}' follows a complete caption");
    }

    public static string Plural(Shape shape) => shape == Shape.Cross ? "crosses" : Lower(shape.ToString()) + "s";

    static string Noun(ObjectWords words)
    {
        var size = words.Size == ObjectSize.Unstated ? "" : Lower(words.Size.ToString()) + " ";
        var colour = Lower(words.Colour.ToString());
        return $"{(size.Length == 0 && colour[0] == 'o' ? "an" : "a")} {size}{colour} {Lower(words.Shape.ToString())}";
    }

    static ObjectWords ReadNoun(Queue<string> words)
    {
        if (words.Dequeue() is not ("a" or "an") and var word) throw new FormatException($"'{word}' stands where 'a' or 'an' was expected");
        var size = words.Peek() switch { "small" => ObjectSize.Small, "large" => ObjectSize.Large, _ => ObjectSize.Unstated };
        if (size != ObjectSize.Unstated) words.Dequeue();
        return new(Read<Colour>(words, Lower), Read<Shape>(words, Lower), size);
    }

    static T Read<T>(Queue<string> words, Func<string, string> spell) where T : struct, Enum
    {
        var word = words.Dequeue();
        foreach (var value in Enum.GetValues<T>())
            if (spell(value.ToString()) == word) return value;
        throw new FormatException($"'{word}' stands where a {Lower(typeof(T).Name)} was expected");
    }

    static string Lower(string text) => text.ToLowerInvariant();
}
