using System.Text;

namespace SpoActors.Specification;

/// <summary>Guesses what a mistyped name was meant to be.</summary>
public static class Spelling
{
    /// <summary>GuidanceScale → guidance_scale, Beta1 → beta1, BFloat16 → bfloat16.</summary>
    public static string Key(string name)
    {
        var key = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsUpper(name[i]) && i > 0 && !char.IsUpper(name[i - 1])) key.Append('_');
            key.Append(char.ToLowerInvariant(name[i]));
        }
        return key.ToString();
    }

    /// <summary>The known name that a mistyped one most resembles, or null if none is close.</summary>
    public static string? Nearest(string mistyped, IEnumerable<string> known)
    {
        var best = known.Select(k => (Name: k, Distance: Distance(mistyped, k))).MinBy(k => k.Distance);
        return best.Name is not null && best.Distance <= Math.Max(2, mistyped.Length / 3) ? best.Name : null;
    }

    /// <summary>Levenshtein's edit distance.</summary>
    static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[b.Length];
    }
}
