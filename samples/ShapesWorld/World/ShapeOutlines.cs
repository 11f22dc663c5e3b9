using SkiaSharp;

namespace SpoActors.ShapesWorld.World;

/// <summary>The six outlines at radius 1 around the origin, y downwards; all have about the same area.</summary>
static class ShapeOutlines
{
    public static SKPath Create(Shape shape)
    {
        using var builder = new SKPathBuilder();
        switch (shape)
        {
            case Shape.Circle:
                builder.AddCircle(0, 0, 1);
                break;
            case Shape.Square:
                builder.AddRect(new SKRect(-0.88f, -0.88f, 0.88f, 0.88f));
                break;
            case Shape.Triangle:
                Polygon(builder, [(0, -1.05), (1.1, 0.85), (-1.1, 0.85)]);
                break;
            case Shape.Star:
                Polygon(builder, [.. Enumerable.Range(0, 10).Select(i =>
                {
                    var (radius, angle) = (i % 2 == 0 ? 1.15 : 0.5, Math.PI * (i / 5.0 - 0.5));
                    return (radius * Math.Cos(angle), radius * Math.Sin(angle) + 0.05);
                })]);
                break;
            case Shape.Heart:
                builder.MoveTo(0, 1);
                builder.CubicTo(-1.7f, -0.15f, -0.85f, -1.45f, 0, -0.5f);
                builder.CubicTo(0.85f, -1.45f, 1.7f, -0.15f, 0, 1);
                builder.Close();
                break;
            default:
                builder.AddRect(new SKRect(-1, -0.38f, 1, 0.38f));
                builder.AddRect(new SKRect(-0.38f, -1, 0.38f, 1));
                break;
        }
        return builder.Detach();
    }

    static void Polygon(SKPathBuilder builder, (double X, double Y)[] corners) =>
        builder.AddPoly([.. corners.Select(c => new SKPoint((float)c.X, (float)c.Y))], close: true);
}
