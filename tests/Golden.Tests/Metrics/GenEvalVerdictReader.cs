using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Evaluation.GenEval;

namespace SpoActors.Golden.Tests.Metrics;

/// <summary>Verdicts, reasons, the objects that count and the relations between them, of every tag.</summary>
public sealed class GenEvalVerdictReader : IGoldenReader
{
    public string Area => "metrics";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("evaluate_image,", StringComparison.Ordinal) && golden.Items.Count > 0;

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        check.Equal("colours", string.Join(", ", GenEvalColors.Names), string.Join(", ", Texts(golden.Config.GetProperty("colors"))));
        check.Equal("texts of a colour", string.Join('\n', GenEvalColors.Texts("{c}", "CLASS")),
            string.Join('\n', Texts(golden.Config.GetProperty("color_templates"))));
        check.Equal("defaults", Options(GenEvalOptions.Default, golden.Config.GetProperty("defaults")), GenEvalOptions.Default);
        var defaults = Options(new GenEvalOptions(), golden.Config.GetProperty("defaults"));
        foreach (var item in golden.Items) CheckItem(item, check, defaults);
    }

    static void CheckItem(GoldenItem item, GoldenAssert check, GenEvalOptions defaults)
    {
        var options = item.Json.TryGetProperty("options", out var changed) ? Options(defaults, changed) : defaults;
        var prompt = GenEvalPrompt.Parse(item.Json.GetProperty("metadata"));
        var verdict = GenEvalVerdict.Of(prompt, item.Json.GetProperty("detections").EnumerateArray().Select(Detection), options);
        check.Equal($"{item.Name}: correct", verdict.Correct, item.Expected.GetProperty("correct").GetBoolean());
        check.Equal($"{item.Name}: reason", verdict.Reason, item.Expected.GetProperty("reason").GetString());
        check.Equal($"{item.Name}: kept", Text(verdict.Kept.Select(k => (k.Key, k.Value.Select(Numbers)))),
            Text(item.Expected.GetProperty("kept").EnumerateObject().Select(k => (k.Name, k.Value.EnumerateArray().Select(Floats)))));
        if (item.Expected.TryGetProperty("relations", out var relations))
            check.Equal($"{item.Name}: relations", string.Join("; ", Relations(prompt, verdict, options)),
                string.Join("; ", relations.EnumerateArray().Select(pair => string.Join(", ", Texts(pair)))));
    }

    // The recording looks at all pairs of the surest, also where the verdict is out before.
    static IEnumerable<string> Relations(GenEvalPrompt prompt, GenEvalVerdict verdict, GenEvalOptions options) =>
        from asked in prompt.Include
        from position in asked.Position is { } given ? new[] { given } : []
        from detection in Surest(verdict, asked)
        from target in Surest(verdict, prompt.Include[position.Target])
        select string.Join(", ", GenEvalRelations.Between(detection.Box, target.Box, options.PositionThreshold));

    static IEnumerable<GenEvalDetection> Surest(GenEvalVerdict verdict, GenEvalObject asked) =>
        verdict.Kept.GetValueOrDefault(asked.Class, []).Take(asked.Count);

    static GenEvalDetection Detection(JsonElement json)
    {
        var box = Floats(json.GetProperty("box"));
        var color = json.TryGetProperty("color_scores", out var scores) ? GenEvalColors.Surest(Floats(scores)) : null;
        return new GenEvalDetection(
            json.GetProperty("class").GetString()!, new GenEvalBox(box[0], box[1], box[2], box[3]), json.GetProperty("score").GetSingle(), color);
    }

    static GenEvalOptions Options(GenEvalOptions options, JsonElement changed)
    {
        foreach (var option in changed.EnumerateObject())
            options = option.Name switch
            {
                "threshold" => options with { Threshold = option.Value.GetDouble() },
                "counting_threshold" => options with { CountingThreshold = option.Value.GetDouble() },
                "max_objects" => options with { MaxObjects = option.Value.GetInt32() },
                "max_overlap" => options with { MaxOverlap = option.Value.GetDouble() },
                "position_threshold" => options with { PositionThreshold = option.Value.GetDouble() },
                _ => throw new InvalidDataException($"The reader doesn't know the option '{option.Name}'."),
            };
        return options;
    }

    static string Text(IEnumerable<(string Class, IEnumerable<float[]> Objects)> kept) => string.Join("; ", kept.OrderBy(k => k.Class, StringComparer.Ordinal)
        .Select(k => $"{k.Class}: {string.Join(" ", k.Objects.Select(o => $"[{string.Join(", ", o)}]"))}"));

    static float[] Numbers(GenEvalDetection d) => [d.Box.Left, d.Box.Top, d.Box.Right, d.Box.Bottom, d.Score];

    static float[] Floats(JsonElement numbers) => [.. numbers.EnumerateArray().Select(n => n.GetSingle())];

    static IEnumerable<string?> Texts(JsonElement texts) => texts.EnumerateArray().Select(t => t.GetString());
}
