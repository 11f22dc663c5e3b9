using System.Globalization;

namespace SpoActors.Specification;

/// <summary>Collects the problems of a file's entries: each kind once, with its first places and a count, whatever the number of entries.</summary>
sealed class ProblemTally
{
    const int MostPlaces = 20;

    sealed class Kind(Problem first)
    {
        public Problem First => first;

        public int Count { get; set; }

        public List<string> Others { get; } = [];
    }

    readonly Dictionary<string, Kind> kinds = [];

    public bool IsEmpty => kinds.Count == 0;

    /// <param name="kind">What is wrong; problems of one kind are one problem.</param>
    /// <param name="place">Where: "line 3".</param>
    /// <param name="found">What is there; only that of the first place is told.</param>
    /// <param name="expected">What was expected.</param>
    /// <param name="fix">What to do.</param>
    public void Add(string kind, string place, string found, string expected, string fix)
    {
        if (!kinds.TryGetValue(kind, out var known)) kinds[kind] = known = new Kind(new Problem(place, found, expected, fix));
        else if (known.Others.Count < MostPlaces - 1) known.Others.Add(place);
        known.Count++;
    }

    /// <summary>What was collected.</summary>
    public IEnumerable<Problem> Problems => kinds.Values.Select(k => k.First with { Times = k.Count, Elsewhere = k.Others.Count == 0 ? null : Elsewhere(k) });

    static string Elsewhere(Kind kind) => (kind.Count - 1 - kind.Others.Count) is var more and > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", kind.Others)}, and {more:N0} more")
        : string.Join(", ", kind.Others);
}
