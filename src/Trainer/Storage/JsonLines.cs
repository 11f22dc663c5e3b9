using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpoActors.Trainer.Storage;

/// <summary>A file of one JSON object a line, to which a resumed run appends after removing the lines of what it does again.</summary>
/// <param name="path">The file.</param>
public sealed class JsonLines<T>(string path) where T : class
{
    const int LongestLine = 1 << 20;

    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // A diverged loss must not end the run by being unwritable.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public void Append(T line) => File.AppendAllText(path, JsonSerializer.Serialize(line, Options) + "\n");

    /// <summary>The lines; one that a crash left unfinished is skipped.</summary>
    public IReadOnlyList<T> Read() => File.Exists(path) ? [.. InputFile.ReadLines(path, LongestLine).Select(Parse).OfType<T>()] : [];

    /// <summary>Removes the lines that do not meet a condition.</summary>
    public void Keep(Func<T, bool> isKept)
    {
        var kept = File.Exists(path) ? InputFile.ReadLines(path, LongestLine).Where(line => Parse(line) is { } value && isKept(value)) : [];
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(string.Concat(kept.Select(line => line + "\n"))));
    }

    static T? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
