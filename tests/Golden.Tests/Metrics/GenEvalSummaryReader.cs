using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Evaluation.GenEval;

namespace SpoActors.Golden.Tests.Metrics;

/// <summary>The summary of a results file: the report to the letter, and its numbers. Our own results file gives the same.</summary>
public sealed class GenEvalSummaryReader : IGoldenReader
{
    public string Area => "metrics";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("summary_scores.py", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        foreach (var item in golden.Items)
        {
            var results = GenEvalResult.Read(golden.Path(item.Json.GetProperty("file").GetString()!));
            CheckSummary(item, check, GenEvalSummary.Of(results));
            var ours = Path.GetTempFileName();
            try
            {
                GenEvalResult.Write(ours, results);
                CheckSummary(item, check, GenEvalSummary.Of(GenEvalResult.Read(ours)));
            }
            finally
            {
                File.Delete(ours);
            }
        }
    }

    static void CheckSummary(GoldenItem item, GoldenAssert check, GenEvalSummary summary)
    {
        var expected = item.Expected;
        check.Equal("printed", summary.Print(), expected.GetProperty("printed").GetString());
        check.Equal("images", summary.Images, expected.GetProperty("images").GetInt32());
        check.Equal("prompts", summary.Prompts, expected.GetProperty("prompts").GetInt32());
        check.Close("correct images", summary.CorrectImages, expected.GetProperty("correct_images").GetDouble());
        check.Close("correct prompts", summary.CorrectPrompts, expected.GetProperty("correct_prompts").GetDouble());
        check.Close("overall", summary.Overall, expected.GetProperty("overall").GetDouble());
        var tags = expected.GetProperty("tags").EnumerateObject().ToArray();
        check.Equal("tags", string.Join(", ", summary.Tags.Select(t => t.Tag)), string.Join(", ", tags.Select(t => t.Name)));
        foreach (var (ours, theirs) in summary.Tags.Zip(tags)) check.Close(theirs.Name, ours.Share, theirs.Value.GetDouble());
    }
}
