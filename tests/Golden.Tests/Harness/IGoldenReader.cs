namespace SpoActors.Golden.Tests.Harness;

/// <summary>
/// Checks the cases of one kind. A reader takes everything from the case (sizes, settings, seeds): no constant of a case
/// stands in its code, because the same readers run on cases that are not published.
/// </summary>
public interface IGoldenReader
{
    /// <summary>The folder below the golden root.</summary>
    string Area { get; }

    /// <summary>Whether this reader knows the case, by its <c>source</c>, keys and files.</summary>
    bool Understands(GoldenCase golden);

    void Check(GoldenCase golden, GoldenAssert check);
}
