using System.Globalization;
using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Storage;

/// <summary>A look at what a manifest says, which somebody may have edited.</summary>
static partial class ManifestChecks
{
    /// <exception cref="RunStateException">A value cannot be what this program wrote.</exception>
    public static void Hash(string path, string key, string? value)
    {
        if (value is null || !Sha256().IsMatch(value)) throw Wrong(path, key, value is null ? "null" : $"'{value}'", "a SHA-256 of 64 hexadecimal digits");
    }

    /// <exception cref="RunStateException">It is none.</exception>
    public static void Nonce(string path, string key, string value)
    {
        if (!Guid.TryParseExact(value, "n", out _)) throw Wrong(path, key, $"'{value}'", "32 hexadecimal digits");
    }

    /// <exception cref="RunStateException">It is below 0.</exception>
    public static void Count(string path, string key, long value)
    {
        if (value < 0) throw Wrong(path, key, value.ToString(CultureInfo.InvariantCulture), "0 or more");
    }

    /// <summary>The number of rounds or steps stands in the checkpoint's name too.</summary>
    /// <exception cref="RunStateException">The two differ, or the name leads elsewhere.</exception>
    public static void Checkpoint(string path, string key, int number, string? folder, string prefix)
    {
        Count(path, key, number);
        var expected = $"checkpoints/{prefix}-{number.ToString("d6", CultureInfo.InvariantCulture)}";
        if (folder?.Replace('\\', '/') != expected) throw Wrong(path, "checkpoint", folder is null ? "null" : $"'{folder}'", $"'{expected}', since {key} is {number.ToString(CultureInfo.InvariantCulture)}");
    }

    static RunStateException Wrong(string path, string key, string found, string expected) =>
        new($"'{path}' was changed or damaged: {key} is {found}; expected {expected}. Bring back the file as it was, or start a run of another name.");

    [GeneratedRegex(@"^[0-9a-f]{64}\z")]
    private static partial Regex Sha256();
}
