namespace SpoActors.ShapesWorld.World;

public enum Shape { Circle, Square, Triangle, Star, Heart, Cross }

public enum Colour { Red, Orange, Yellow, Green, Blue, Purple, Pink, Brown }

/// <summary>GenEval's six tasks (arXiv 2310.11513). Single and Colour have the same captions and differ in what is reported only.</summary>
public enum SceneKind { Single, Colour, Count, Two, Position, Binding }

/// <summary>Where the first object is, seen from the second.</summary>
public enum Relation { LeftOf, RightOf, Above, Below }

public enum ObjectSize { Unstated, Small, Large }

/// <summary>What a caption says about one object.</summary>
public readonly record struct ObjectWords(Colour Colour, Shape Shape, ObjectSize Size = ObjectSize.Unstated);

/// <summary>The content of a caption. Objects of a count are listed one by one, all the same.</summary>
public sealed record SceneDescription(SceneKind Kind, IReadOnlyList<ObjectWords> Objects, Relation? Relation = null)
{
    public const int Shapes = 6, Colours = 8, FewestCounted = 2, MostCounted = 4;

    public string Caption => CaptionText.Write(this);

    /// <summary>
    /// What must not occur in both training and validation: for counts colour, shape and number; for one object colour and shape; for
    /// two objects the two, whichever comes first and whatever the caption says of their sizes and places.
    /// </summary>
    public SceneCombination Combination => Kind switch
    {
        SceneKind.Single or SceneKind.Colour => new(CombinationFamily.One, Objects[0].Key(), 0),
        SceneKind.Count => new(CombinationFamily.Count, Objects[0].Key(), Objects.Count),
        _ => new(CombinationFamily.Pair, Math.Min(Objects[0].Key(), Objects[1].Key()), Math.Max(Objects[0].Key(), Objects[1].Key())),
    };
}

public enum CombinationFamily { One, Count, Pair }

/// <summary>Identity of what a caption combines; <see cref="SceneDescription.Combination"/>.</summary>
public readonly record struct SceneCombination(CombinationFamily Family, int First, int Second);

static class ObjectKey
{
    /// <summary>Colour and shape as one number.</summary>
    public static int Key(this ObjectWords words) => (int)words.Colour * SceneDescription.Shapes + (int)words.Shape;
}
