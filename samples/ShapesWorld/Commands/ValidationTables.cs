using System.Globalization;
using SpoActors.ShapesWorld.Oracles;

namespace SpoActors.ShapesWorld.Commands;

/// <summary>The oracle's validation as tables.</summary>
static class ValidationTables
{
    public static IEnumerable<ShapesTable> Of(OracleValidation v)
    {
        yield return new("Oracle on renders", ["figure", "value"],
        [
            ["alignment right, clean renders", Number(v.CleanStrict)], ["alignment right, degraded renders", Number(v.DegradedStrict)],
            ["wrong caption taken for right", Number(v.WrongCaptionStrict)], ["aesthetics against the truth, correlation", Number(v.Correlation)],
            ["aesthetics monotone in each degradation", v.IsMonotone ? "yes" : "no"],
            .. v.Errors.Select(e => (IReadOnlyList<string>)[$"mean error, {e.Key}", Number(e.Value)]),
            .. v.CheckCorrelations.Select(c => (IReadOnlyList<string>)[$"check without learning against the truth, {c.Key}, correlation", Number(c.Value)]),
        ]);
        yield return Levels("Aesthetics as one axis alone gets worse", v.Degradations);
        yield return Levels("Checks without learning as their axis alone gets worse", v.CheckDegradations);
    }

    static ShapesTable Levels(string title, IReadOnlyDictionary<string, IReadOnlyList<double>> levels) => new(title,
        ["", .. levels.Values.First().Select((_, i) => i == 0 ? "best" : i == levels.Values.First().Count - 1 ? "worst" : "")],
        [.. levels.Select(l => (IReadOnlyList<string>)[l.Key, .. l.Value.Select(Number)])]);

    static string Number(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
