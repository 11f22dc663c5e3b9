using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Oracles;

/// <summary>How well an image's objects are those of its caption, in the manner of GenEval (arXiv 2310.11513).</summary>
/// <param name="Strict">Exactly the caption's objects, in its relation.</param>
/// <param name="Soft">F1 of the objects by colour and shape, times 0.6 where the relation is wrong.</param>
public sealed record Alignment(bool Strict, double Soft)
{
    const double PixelsApart = 4, WrongRelation = 0.6;

    public static Alignment Of(SceneDescription caption, IReadOnlyList<FoundObject> found)
    {
        var left = found.ToList();
        var matched = 0;
        foreach (var wanted in caption.Objects)
        {
            var at = left.FindIndex(o => o.Colour == wanted.Colour && o.Shape == wanted.Shape);
            if (at < 0) continue;
            left.RemoveAt(at);
            matched++;
        }
        var f1 = caption.Objects.Count + found.Count == 0 ? 0 : 2.0 * matched / (caption.Objects.Count + found.Count);
        var related = RelationHolds(caption, found);
        return new Alignment(matched == caption.Objects.Count && left.Count == 0 && related, related ? f1 : f1 * WrongRelation);
    }

    static bool RelationHolds(SceneDescription caption, IReadOnlyList<FoundObject> found)
    {
        if (caption.Kind is not (SceneKind.Position or SceneKind.Binding)) return true;
        if (Find(caption.Objects[0]) is not { } first || Find(caption.Objects[1]) is not { } second) return false;
        return caption.Relation switch
        {
            Relation.LeftOf => first.X < second.X - PixelsApart,
            Relation.RightOf => first.X > second.X + PixelsApart,
            Relation.Above => first.Y < second.Y - PixelsApart,
            Relation.Below => first.Y > second.Y + PixelsApart,
            _ => caption.Objects[0].Size == ObjectSize.Large ? first.Radius > second.Radius : first.Radius < second.Radius,
        };

        FoundObject? Find(ObjectWords wanted) => found.FirstOrDefault(o => o.Colour == wanted.Colour && o.Shape == wanted.Shape);
    }
}
