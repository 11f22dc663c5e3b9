using SpoActors.Specification.Texts;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Datasets;

/// <summary>Where an encoded image lies; it is read when it is asked for.</summary>
public abstract record ImageOrigin
{
    /// <summary>What tells a changed data set from the same one in another place, without reading the image.</summary>
    public abstract string Identity { get; }

    /// <summary>The encoded picture.</summary>
    /// <exception cref="IOException">The file is gone or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is no longer what it was when the data set was opened.</exception>
    public abstract byte[] Read();
}

/// <summary>A file of its own.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">Its path in the data set, with forward slashes.</param>
/// <param name="Bytes">Its length.</param>
public sealed record ImageFile(string Path, string Name, long Bytes) : ImageOrigin
{
    public override string Identity => FormattableString.Invariant($"{Name}:{Bytes}");

    public override byte[] Read()
    {
        if (RegularFile.Obstacle(Path) is { } obstacle) throw new InvalidDataException($"'{Path}' was an image when the data set was opened, and is {obstacle} now.");
        return InputFile.ReadAll(Path, PixelImage.LargestFile);
    }

    public override string ToString() => $"'{Path}'";
}

/// <summary>A cell of a parquet file.</summary>
/// <param name="Table">The file.</param>
/// <param name="RowGroup">Row group in it.</param>
/// <param name="Row">Row in the group.</param>
/// <param name="RowOfFile">Row in the file, for messages.</param>
/// <param name="Column"><c>jpg_0</c> or <c>jpg_1</c>.</param>
public sealed record TableImage(PairTable Table, int RowGroup, int Row, long RowOfFile, string Column) : ImageOrigin
{
    public override string Identity => FormattableString.Invariant($"{Table.Name}:{Table.Footer}:{RowOfFile}:{Column}");

    public override byte[] Read()
    {
        using var reader = new PickAPicReader(Table.Path);
        return reader.Image(RowGroup, Row, Column);
    }

    public override string ToString() => FormattableString.Invariant($"'{Table.Path}', row {RowOfFile}: the image in {Column}");
}

/// <summary>A parquet file of a data set.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">Its path in the data set, with forward slashes.</param>
/// <param name="Footer">SHA-256 of its footer, which holds the places, sizes and statistics of all columns.</param>
public sealed record PairTable(string Path, string Name, string Footer);
