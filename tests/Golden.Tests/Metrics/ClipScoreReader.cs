using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Judges;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Metrics;

/// <summary>CLIPScore, the best reference, and RefCLIPScore, with their means over images.</summary>
public sealed class ClipScoreReader : IGoldenReader
{
    public string Area => "metrics";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("clipscore.py", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        check.Equal("prefix", ClipScoreFormula.Prefix, golden.Config.GetProperty("prefix").GetString());
        var weight = golden.Config.GetProperty("w").GetDouble();
        var caption_BP = golden.Tensor("caption_features");
        var clipScore_B = ClipScoreFormula.Of(golden.Tensor("image_features"), caption_BP, weight);
        var reference_B = ClipScoreFormula.OfReferences(caption_BP, golden.Tensor("reference_features"), golden.Tensor("reference_image"));
        foreach (var (name, scores_B) in new[]
            { ("clipscore", clipScore_B), ("reference_score", reference_B), ("ref_clipscore", ClipScoreFormula.WithReferences(clipScore_B, reference_B)) })
        {
            check.Close(name, scores_B);
            check.Close($"mean_{name}", scores_B.mean().view(1));
        }
    }
}
