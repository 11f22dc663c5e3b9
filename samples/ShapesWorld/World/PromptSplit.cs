namespace SpoActors.ShapesWorld.World;

/// <summary>
/// Train and validation captions, disjoint by <see cref="SceneDescription.Combination"/>: a sixth of the single objects and of the
/// counts and a tenth of the pairs of objects never occur in training. The split is part of the world and the same for every seed.
/// </summary>
public static class PromptSplit
{
    const ulong WorldSeed = 20261124;

    static readonly (int Percent, CombinationFamily Family)[] Shares = [(17, CombinationFamily.One), (17, CombinationFamily.Count), (10, CombinationFamily.Pair)];

    public static bool IsHeldOut(SceneDescription scene)
    {
        var (family, first, second) = scene.Combination;
        var random = new SceneRandom(WorldSeed, WorldDraw.Split, (uint)(first << 16 | second), (uint)family);
        return random.Below(100) < Array.Find(Shares, s => s.Family == family).Percent;
    }

    /// <summary>A random caption of one side of the split, its kind uniform over the six.</summary>
    public static SceneDescription Draw(ulong seed, uint index, bool heldOut)
    {
        var random = new SceneRandom(seed, WorldDraw.Description, index, heldOut ? 1u : 0u);
        return Draw(ref random, random.Of<SceneKind>(), heldOut);
    }

    /// <summary>Captions to evaluate on: the six kinds in turn, held-out combinations only.</summary>
    public static IReadOnlyList<SceneDescription> Validation(ulong seed, int count) =>
        [.. Enumerable.Range(0, count).Select(i =>
        {
            var random = new SceneRandom(seed, WorldDraw.Description, (uint)i, 2);
            return Draw(ref random, (SceneKind)(i % 6), heldOut: true);
        })];

    static SceneDescription Draw(ref SceneRandom random, SceneKind kind, bool heldOut)
    {
        while (true)
        {
            var scene = Draw(ref random, kind);
            if (IsHeldOut(scene) == heldOut) return scene;
        }
    }

    static SceneDescription Draw(ref SceneRandom random, SceneKind kind)
    {
        var one = new ObjectWords(random.Of<Colour>(), random.Of<Shape>());
        if (kind is SceneKind.Single or SceneKind.Colour) return new(kind, [one]);
        if (kind == SceneKind.Count)
        {
            var count = SceneDescription.FewestCounted + random.Below(SceneDescription.MostCounted - SceneDescription.FewestCounted + 1);
            return new(kind, [.. Enumerable.Repeat(one, count)]);
        }
        // The two colours always differ.
        var colour = (Colour)(((int)one.Colour + 1 + random.Below(SceneDescription.Colours - 1)) % SceneDescription.Colours);
        var other = new ObjectWords(colour, random.Of<Shape>());
        if (kind == SceneKind.Position) return new(kind, [one, other], random.Of<Relation>());
        if (kind == SceneKind.Two) return new(kind, [one, other]);
        var firstIsSmall = random.Below(2) == 0;
        return new(kind, [one with { Size = firstIsSmall ? ObjectSize.Small : ObjectSize.Large }, other with { Size = firstIsSmall ? ObjectSize.Large : ObjectSize.Small }]);
    }
}
