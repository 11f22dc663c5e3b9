using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Golden.Tests.Manifests;

/// <summary>The JSON files of published pipelines: written to a folder and read as the program reads them.</summary>
public sealed class PipelineManifests : IManifestReader
{
    public bool Understands(GoldenManifest manifest) => Pipelines(manifest).Any();

    public void Check(GoldenManifest manifest, ManifestAssert check)
    {
        foreach (var (name, files) in Pipelines(manifest))
        {
            var folder = Directory.CreateTempSubdirectory("spo-pipeline-").FullName;
            try
            {
                Write(folder, files);
                CheckFolder(name, folder, files, check);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    static IEnumerable<(string Name, JsonElement Files)> Pipelines(GoldenManifest manifest) => manifest.Json.EnumerateObject()
        .Where(p => p.Value.ValueKind == JsonValueKind.Object && p.Value.TryGetProperty("model_index.json", out _)).Select(p => (p.Name, p.Value));

    static IEnumerable<string> Tokenizers(JsonElement files) =>
        files.EnumerateObject().Select(f => f.Name).Where(n => n.StartsWith("tokenizer", StringComparison.Ordinal));

    static void Write(string folder, JsonElement files)
    {
        foreach (var file in files.EnumerateObject())
        {
            var path = Path.Combine(folder, file.Name.EndsWith(".json", StringComparison.Ordinal) ? file.Name : file.Name + "/tokenizer_config.json");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file.Value.GetRawText());
        }
    }

    static void CheckFolder(string name, string folder, JsonElement files, ManifestAssert check)
    {
        var pipeline = DiffusersFolder.Open(folder);
        var index = files.GetProperty("model_index.json");
        check.Equal($"{name}: class", pipeline.ClassName, index.GetProperty("_class_name").GetString());
        check.Equal($"{name}: components that generation needs and the index lacks",
            string.Join(' ', pipeline.NeededComponents.Where(c => !index.TryGetProperty(c, out _))), "");
        var scheduler = SchedulerConfig.Load(Path.Combine(folder, "scheduler/scheduler_config.json"));
        var expected = files.GetProperty("scheduler/scheduler_config.json");
        check.Equal($"{name}: training timesteps", scheduler.NumTrainTimesteps, expected.GetProperty("num_train_timesteps").GetInt32());
        check.Equal($"{name}: beta_start", scheduler.BetaStart, expected.GetProperty("beta_start").GetDouble());
        check.Equal($"{name}: beta_end", scheduler.BetaEnd, expected.GetProperty("beta_end").GetDouble());
        foreach (var tokenizer in Tokenizers(files))
        {
            var options = ClipTokenizerFolder.ReadOptions(Path.Combine(folder, tokenizer), ClipTokenizerKind.Slow);
            string Token(string key) => files.GetProperty(tokenizer).GetProperty(key).GetString()!;
            check.Equal($"{name}/{tokenizer}: length", options.MaxLength, files.GetProperty(tokenizer).GetProperty("model_max_length").GetInt32());
            check.Equal($"{name}/{tokenizer}: tokens", (options.StartToken, options.EndToken, options.UnknownToken, options.PadToken),
                (Token("bos_token"), Token("eos_token"), Token("unk_token"), Token("pad_token")));
        }
    }
}
