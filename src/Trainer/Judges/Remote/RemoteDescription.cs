using System.Text.Json;

namespace SpoActors.Trainer.Judges.Remote;

/// <summary>What a remote judge says of itself.</summary>
/// <param name="Name">What to call it in errors.</param>
/// <param name="Input">What it looks at.</param>
/// <param name="KnowsTimestep">Whether its scores depend on the timestep.</param>
/// <param name="Scale">Logits of a difference of 1 between two scores.</param>
sealed record RemoteDescription(string Name, JudgeInput Input, bool KnowsTimestep, double Scale)
{
    /// <summary>The protocol of docs/remote-judge.md.</summary>
    const int Protocol = 1;

    const int LongestName = 100;

    /// <exception cref="FormatException">It is not a description; the message says what is wrong with it.</exception>
    public static RemoteDescription Parse(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (!root.TryGetProperty("protocol", out var protocol) || !protocol.TryGetInt32(out var version) || version != Protocol)
                throw new FormatException($"its description has the protocol {(root.TryGetProperty("protocol", out var other) ? other.GetRawText() : "nothing")}; expected {Protocol}");
            var name = root.GetProperty("name").GetString();
            if (name is not { Length: > 0 and <= LongestName } || name.Any(char.IsControl)) throw new FormatException($"its name is not a text of 1 to {LongestName} characters");
            var input = root.GetProperty("input").GetString() switch
            {
                "images" => JudgeInput.Images,
                "latents" => JudgeInput.Latents,
                var unknown => throw new FormatException($"its input is '{RemoteText.Shorten(unknown ?? "null")}'; expected images or latents"),
            };
            var scale = root.GetProperty("scale").GetDouble();
            if (!double.IsFinite(scale) || scale <= 0) throw new FormatException(FormattableString.Invariant($"its scale is {scale}; expected a number above 0"));
            return new RemoteDescription(name, input, root.GetProperty("knows_timestep").GetBoolean(), scale);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("its description is not a JSON object with protocol, name, input, knows_timestep and scale", e);
        }
    }
}
