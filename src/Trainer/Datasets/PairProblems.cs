using SpoActors.Specification;

namespace SpoActors.Trainer.Datasets;

/// <summary>Collects what is wrong with a data set: of each kind of fault one problem, with the first places and a count.</summary>
/// <param name="problems">Gets the problems.</param>
sealed class PairProblems(ICollection<Problem> problems)
{
    const string Key = "data.path";
    const int MostPlacesNamed = 20;

    sealed class Fault(string expected, string fix)
    {
        public string Expected => expected;
        public string Fix => fix;
        public int Count { get; set; }
        public List<string> Places { get; } = [];
    }

    readonly Dictionary<string, Fault> faults = [];

    /// <summary>A fault of the whole.</summary>
    public void Add(string found, string expected, string fix) => problems.Add(new Problem(Key, found, expected, fix));

    /// <summary>A fault that many rows may have.</summary>
    /// <param name="kind">The fault, as a plural: "images in w/ without their twin in l/".</param>
    /// <param name="place">Where, and what was found there.</param>
    /// <param name="expected">What was expected.</param>
    /// <param name="fix">What to do.</param>
    public void Count(string kind, string place, string expected, string fix)
    {
        if (!faults.TryGetValue(kind, out var fault)) faults[kind] = fault = new Fault(expected, fix);
        fault.Count++;
        if (fault.Places.Count < MostPlacesNamed) fault.Places.Add(place);
    }

    /// <summary>Makes problems of what was counted.</summary>
    public void Report()
    {
        foreach (var (kind, fault) in faults)
        {
            var more = fault.Count - fault.Places.Count;
            Add(FormattableString.Invariant($"{fault.Count} {kind}: {string.Join("; ", fault.Places)}{(more > 0 ? $"; and {more} more" : "")}"), fault.Expected, fault.Fix);
        }
        faults.Clear();
    }
}
