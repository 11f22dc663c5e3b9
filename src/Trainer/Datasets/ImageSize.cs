namespace SpoActors.Trainer.Datasets;

/// <summary>Rows and columns of pixels.</summary>
public readonly record struct ImageSize(int Height, int Width)
{
    public override string ToString() => FormattableString.Invariant($"{Height} x {Width} (height x width)");
}
