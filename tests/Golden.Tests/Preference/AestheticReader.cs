using System.Globalization;
using System.Security.Cryptography;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Judges;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>
/// LAION's aesthetic head. Its real weights lie beside the cases, not in them: where they are absent only the normalisation is compared.
/// </summary>
public sealed class AestheticReader : IGoldenReader
{
    const string AfterLayer = "after_layer_";

    /// <summary>The hidden layers have no recorded error: roundings of a sum of 768 products, in whatever order.</summary>
    const double Float32Ulps = 32;

    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("AestheticScore.py", StringComparison.Ordinal) && golden.Config.TryGetProperty("file", out _);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var noGradient = no_grad();
        var embeddings_BD = golden.Tensor("embeddings");
        var normalised_BD = AestheticScore.Normalize(embeddings_BD);
        check.Close("normalized", normalised_BD);
        if (FindWeights(golden) is not { } path) return;

        check.Equal("hash of the weights", Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), golden.Config.GetProperty("sha256").GetString());
        using var source = CheckpointFile.Open(path);
        var layers = golden.Config.GetProperty("layers").EnumerateArray().Select(l => l.GetInt32()).ToArray();
        var head = ModuleLoading.Load(new ScoreHead(layers[0], META), source);
        check.Close("scores", AestheticScore.Of(head, embeddings_BD));
        var states = new List<Tensor>();
        head.forward(normalised_BD, states);
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name).Where(o => o.StartsWith(AfterLayer, StringComparison.Ordinal)))
        {
            // Numbered as in the checkpoint, dropout included: 0, 2, 4, 6.
            var layer = int.Parse(output.AsSpan(AfterLayer.Length), CultureInfo.InvariantCulture) / 2;
            var expected = golden.Tensor(output);
            check.Within(output, states[layer].narrow(0, 0, expected.shape[0]), expected, Float32Ulps * 1.2e-7 * expected.abs().max().item<float>());
        }
    }

    // The case names it from the folder that holds `shared`.
    static string? FindWeights(GoldenCase golden)
    {
        var file = golden.Config.GetProperty("file").GetString()!;
        for (var folder = new DirectoryInfo(golden.Folder).Parent; folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, file))) return Path.Combine(folder.FullName, file);
        return null;
    }
}
