namespace SpoActors.ShapesWorld.World;

/// <summary>Scenes from a seed and an index.</summary>
public static class SceneGenerator
{
    /// <summary>A training scene: caption, layout and quality all drawn.</summary>
    public static Scene Training(ulong seed, uint index) => Create(PromptSplit.Draw(seed, index, heldOut: false), seed, index);

    /// <summary>A scene of a given caption; of a given quality, or of a random one.</summary>
    public static Scene Create(SceneDescription description, ulong seed, uint index, Quality? quality = null)
    {
        var layout = new SceneRandom(seed, WorldDraw.Layout, index);
        var background = new SceneRandom(seed, WorldDraw.Background, index);
        var grey = background.Uniform(225, 250);
        return new Scene(description, Place(ref layout, description), quality ?? DrawQuality(seed, index),
            new Backdrop(grey + background.Uniform(-8, 8), grey + background.Uniform(-8, 8), grey + background.Uniform(-8, 8), background.Uniform(-9, 9)),
            new SceneRandom(seed, WorldDraw.Grain, index).NextSeed());
    }

    static Quality DrawQuality(ulong seed, uint index)
    {
        var random = new SceneRandom(seed, WorldDraw.Quality, index);
        return new Quality(Math.Max(0, random.Uniform(-0.5, 1.5)), Math.Max(0, random.Uniform(-0.05, 0.12)),
            Math.Max(0, random.Uniform(-0.2, 0.6)), random.Uniform(0, 1));
    }

    static SceneObject[] Place(ref SceneRandom random, SceneDescription scene)
    {
        switch (scene.Kind)
        {
            case SceneKind.Single or SceneKind.Colour:
                var radius = random.Uniform(11, 17);
                var margin = 1.15 * radius + 1;
                return [At(scene.Objects[0], random.Uniform(margin, Scene.Size - margin), random.Uniform(margin, Scene.Size - margin), radius)];
            case SceneKind.Count:
                return PlaceCounted(ref random, scene);
            default:
                return PlaceTwo(ref random, scene);
        }
    }

    static SceneObject[] PlaceCounted(ref SceneRandom random, SceneDescription scene)
    {
        List<(double X, double Y)> cells = [(18, 18), (46, 18), (18, 46), (46, 46)];
        var objects = new SceneObject[scene.Objects.Count];
        for (var i = 0; i < objects.Length; i++)
        {
            var cell = random.Below(cells.Count);
            var (x, y) = cells[cell];
            cells.RemoveAt(cell);
            objects[i] = At(scene.Objects[i], x + random.Uniform(-2, 2), y + random.Uniform(-2, 2), random.Uniform(9, 12));
        }
        return objects;
    }

    static SceneObject[] PlaceTwo(ref SceneRandom random, SceneDescription scene)
    {
        var horizontal = scene.Relation is { } relation ? relation is Relation.LeftOf or Relation.RightOf : random.Below(2) == 0;
        var firstIsBefore = scene.Relation is { } side ? side is Relation.LeftOf or Relation.Above : random.Below(2) == 0;
        var objects = new SceneObject[2];
        for (var i = 0; i < 2; i++)
        {
            var radius = scene.Objects[i].Size switch
            {
                ObjectSize.Small => random.Uniform(8, 10),
                ObjectSize.Large => random.Uniform(13, 16),
                _ => random.Uniform(10, 13),
            };
            var main = (i == 0) == firstIsBefore ? 17 : 47;
            var along = main + random.Uniform(-1, 1);
            var across = random.Uniform(20, 44);
            objects[i] = horizontal ? At(scene.Objects[i], along, across, radius) : At(scene.Objects[i], across, along, radius);
        }
        return objects;
    }

    static SceneObject At(ObjectWords words, double x, double y, double radius) => new(words.Colour, words.Shape, x, y, radius);
}
