using System.IO.Compression;
using System.Text;
using SkiaSharp;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Silos;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Checkpoints.PyTorch;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Checkpoints.SingleFile;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Evaluation.GenEval;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges.Remote;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Models.Blip;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tests.Checkpoints;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Fuzzing;

/// <summary>A reader of something that others wrote.</summary>
/// <param name="File">Name of the file that it reads; null for what it takes from memory.</param>
/// <param name="Valid">Inputs that it takes, from which the others are made.</param>
/// <param name="Read">Reads a file, or the bytes.</param>
/// <param name="Documented">Exceptions that its documentation names.</param>
/// <param name="MostBytes">What it may take of memory beyond the input's size.</param>
sealed record Parser(string? File, byte[][] Valid, Action<string, byte[]> Read, Type[] Documented, long MostBytes);

/// <summary>Every parser of the program.</summary>
static class Parsers
{
    /// <summary>The bounds that the program states for files and for texts.</summary>
    const long OfFile = 512L << 20, OfText = 64L << 20;

    static readonly string Hash = new('a', 64);

    static readonly Lazy<ClipTokenizer> Standard = new(() => new ClipTokenizer(BytePairVocabulary.Standard, new ClipTokenizerOptions()));

    /// <summary>By name.</summary>
    public static readonly Dictionary<string, Lazy<Parser>> All = new()
    {
        ["safetensors"] = new(() => Weights("a", Tensors(("a", ones(2, 3)), ("b.c", ones(4, ScalarType.Float16)), ("d", ones(1, ScalarType.Int8))), p => SafetensorsFile.Open(p))),
        ["pickle in a zip"] = new(() => Weights("a", PickleBuilder.Zip(Pickle(legacy: false), ["0", "1"]), PyTorchFile.Open)),
        ["pickle, legacy"] = new(() => Weights("a", PickleBuilder.Legacy(Pickle(legacy: true), ["0", "1"]), PyTorchFile.Open)),
        ["checkpoint of any kind"] = new(() => Weights("a.ckpt", Tensors(("a", ones(2, 3))), CheckpointFile.Open, PickleBuilder.Zip(Pickle(legacy: false), ["0", "1"]), PickleBuilder.Legacy(Pickle(legacy: true), ["0", "1"]))),
        ["single-file model"] = new(() => Weights("a.safetensors", Tensors(
            ("model.diffusion_model.input_blocks.0.0.weight", ones(2, 1)), ("model.diffusion_model.middle_block.1.proj_in.weight", ones(1, 1)), ("conditioner.embedders.1.model.text_projection", ones(1, 2))),
            p => SingleFileModel.Open(p).Weights("unet"))),
        ["index of shards"] = new(() => new("model.safetensors.index.json", [Text("""{ "metadata": { "total_size": 16 }, "weight_map": { "a": "s1.safetensors", "b": "s2.safetensors" } }""")],
            (p, _) => ComponentWeights.Open(Path.GetDirectoryName(Beside(Beside(p, "s1.safetensors", () => Tensors(("a", ones(2)))), "s2.safetensors", () => Tensors(("b", ones(2)))))!).Dispose(), [typeof(CheckpointException)], OfFile)),
        ["list of files"] = new(() => new("files.json", [Text("""{ "files": [ { "path": "a/b.json", "bytes": 12, "sha256": "00ff" } ] }""")], (p, _) => FileManifest.Check(Path.GetDirectoryName(p)!), [typeof(CheckpointException)], OfText)),
        ["LoRA"] = new(() => new("a.safetensors", [Lora("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"), Lora("unet.a.to_q.lora_A.weight", "unet.a.to_q.lora_B.weight")],
            (p, _) => LoraWeights.Read(p), [typeof(CheckpointException), typeof(LoraException)], OfFile)),
        ["LoRA metadata"] = new(() => new("adapter_config.json", [Text("""{ "r": 4, "lora_alpha": 8, "rank_pattern": { "to_q": 2 }, "alpha_pattern": { "to_q": 1.5 }, "use_dora": false, "use_rslora": false }""")],
            (p, _) => LoraWeights.Read(Beside(p, "adapter_model.safetensors", () => Lora("base_model.model.a.to_q.lora_A.weight", "base_model.model.a.to_q.lora_B.weight"))), [typeof(CheckpointException), typeof(LoraException)], OfFile)),
        ["LoRA key"] = new(() => new(null, [Text("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight"), Text("unet.mid_block.attentions.0.proj_in.lora_A.weight"), Text("base_model.model.to_out.0.lora.up.weight")], (_, b) => ReadKey(Encoding.Latin1.GetString(b)), [], OfText)),
        ["UNet configuration"] = new(() => Json("""{ "_class_name": "UNet2DConditionModel", "block_out_channels": [32, 64], "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"], "layers_per_block": 2, "attention_head_dim": 8, "norm_eps": 1e-5, "cross_attention_dim": 32 }""", p => UNetConfig.Load(p))),
        ["VAE configuration"] = new(() => Json("""{ "_class_name": "AutoencoderKL", "block_out_channels": [32, 64], "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"], "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "layers_per_block": 1, "scaling_factor": 0.18215, "force_upcast": false }""", p => VaeConfig.Load(p))),
        ["CLIP configuration"] = new(() => Json("""{ "hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 5, "vocab_size": 1000, "text_config": { "hidden_size": 32, "num_attention_heads": 4 }, "vision_config": { "hidden_size": 32, "num_attention_heads": 4, "image_size": 30, "patch_size": 15 } }""", p => ClipConfig.Load(p))),
        ["open_clip configuration"] = new(() => Json("""{ "model_cfg": { "embed_dim": 512, "vision_cfg": { "image_size": 224, "layers": 12, "width": 768, "patch_size": 32 }, "text_cfg": { "context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12 } }, "preprocess_cfg": { "mean": [0.48, 0.45, 0.4], "std": [0.26, 0.26, 0.27] } }""", p => OpenClipConfig.Load(p))),
        ["ImageReward's text encoder"] = new(() => Json("""{ "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12, "vocab_size": 30524, "max_position_embeddings": 512 }""",
            p => new ImageRewardConfig().WithText(CheckpointJson.ReadObject(p, "it"), p))),
        ["index of a model"] = new(() => new("model_index.json", [Text("""{ "_class_name": "StableDiffusionPipeline", "force_zeros_for_empty_prompt": true, "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"], "safety_checker": [null, null] }""")],
            (p, _) => DiffusersFolder.Open(Path.GetDirectoryName(p)!), [typeof(CheckpointException)], OfText)),
        ["processor"] = new(() => new("processor_config.json", [Text("""{ "image_processor": { "size": { "shortest_edge": 32 }, "crop_size": 32, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5] } }""")],
            (p, _) => ClipImageProcessor.InFolder(Path.GetDirectoryName(p)!), [typeof(InvalidDataException)], OfText)),
        ["GenEval's prompts"] = new(() => new(null, [Text("""{"tag": "position", "include": [{"class": "cat", "count": 1, "color": "red"}, {"class": "dog", "count": 2, "position": ["left of", 0]}], "exclude": [{"class": "cat", "count": 3}], "prompt": "a red cat"}""")],
            (_, b) => GenEvalPrompt.Parse(Encoding.UTF8.GetString(b)), [typeof(InvalidDataException)], OfText)),
        ["scheduler"] = new(() => Json("""{ "_class_name": "DDIMScheduler", "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1, "lambda_min_clipped": -Infinity, "clip_sample": false }""", p => SchedulerConfig.Load(p))),
        ["image processor"] = new(() => new("preprocessor_config.json", [Text("""{ "size": { "shortest_edge": 32 }, "crop_size": { "height": 32, "width": 32 }, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 3 }""")], (p, _) => ClipImageProcessor.Load(p), [typeof(InvalidDataException)], OfText)),
        ["tokenizer.json"] = new(() => new("tokenizer.json", [Text("""{ "added_tokens": [{ "id": 4, "content": "<|endoftext|>" }], "model": { "type": "BPE", "vocab": { "a": 0, "b</w>": 1, "ab</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4 }, "merges": ["a b</w>"] } }""")],
            (p, _) => ClipTokenizer.FromFolder(Path.GetDirectoryName(Beside(p, "tokenizer_config.json", () => Text("{}")))!, ClipTokenizerKind.Slow).Encode("ab ba"), [typeof(TokenizerException)], OfFile)),
        ["vocab.json"] = new(() => new("vocab.json", [Text(Vocabulary)], (p, _) => Encode(Beside(p, "merges.txt", () => Text(Merges))), [typeof(TokenizerException)], OfFile)),
        ["merges.txt"] = new(() => new("merges.txt", [Text(Merges)], (p, _) => Encode(Beside(p, "vocab.json", () => Text(Vocabulary))), [typeof(TokenizerException)], OfFile)),
        ["tokenizer_config.json"] = new(() => new("tokenizer_config.json", [Text("""{ "model_max_length": 77, "bos_token": "<|startoftext|>", "eos_token": { "content": "<|endoftext|>" }, "added_tokens_decoder": { "4": { "content": "<|endoftext|>" } } }""")],
            (p, _) => Encode(Beside(Beside(p, "merges.txt", () => Text(Merges)), "vocab.json", () => Text(Vocabulary))), [typeof(TokenizerException)], OfFile)),
        ["gzipped merges"] = new(() => new("bpe.txt.gz", [Gzip(Text(Merges + "c d</w>\n"))], (p, _) => BytePairVocabulary.FromBpeFile(p), [typeof(TokenizerException)], OfFile)),
        ["BERT's vocabulary"] = new(() => new("vocab.txt", [Text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n")], (p, _) => BertTokenizer.FromFile(p), [typeof(TokenizerException)], OfFile)),
        ["text of a prompt"] = new(() => new(null, [Text("A (cat:1.3) &amp;amp; dog, naïve “quotes” <|endoftext|> 12,000.5 …"), Text("Ã©tÃ© ð\u009f\u0098\u0080 ﬁ ① \u200b é\u0301")], (_, b) => Standard.Value.Encode(Encoding.UTF8.GetString(b)), [], OfText)),
        ["prompts .txt"] = new(() => Prompts("a.txt", "a cat\n# note\n\na (dog:1.2)\r\nx\ry\n")),
        ["prompts .csv"] = new(() => Prompts("a.csv", "id,caption\n1,\"a \"\"big\"\" cat, red\"\r\n2,#2 dog\n")),
        ["prompts .tsv"] = new(() => Prompts("a.tsv", "id\tcaption\n1\ta cat\n2\t\"a\tdog\"\n")),
        ["prompts .json"] = new(() => Prompts("a.json", """["a cat", {"caption": "a \ud83d\ude00 dog", "n": 1}, "\u00e9"]""")),
        ["prompts .jsonl"] = new(() => Prompts("a.jsonl", "{\"caption\": \"a cat\"}\n{\"caption\": \"a dog\", \"k\": [1, 2]}\n")),
        ["run YAML"] = new(() => new("a.yaml", [Text("name: a\nseed: 1\nmodel: { path: x, dtype: bfloat16, threads: 2 }\njudge: { path: y }\nprompts: { path: z.txt }\nsampling:\n  steps: 20 # twenty\n  eta: 1.0\nlora:\n  target_modules: [to_q, 'to_k']\nevaluation: &e\n  seeds: [1, 2]\n"), Text("extends: b.yaml\nname: \"b\"\npairs: { threshold: -1 }\n")],
            (p, _) => SpecificationFile.Load(Beside(p, "b.yaml", () => Text("name: base\nmodel: { path: x }\njudge: { path: y }\nprompts: { path: z.txt }\n")), checkFiles: false), [typeof(SpecificationException)], OfText)),
        ["YAML of a preference training"] = new(() => new("a.yaml", [Text("name: a\nmodel: { path: m }\nstart: { path: x }\ndata: { train: [a.parquet, 'b c'], mixed_row_groups: 2 }\ntraining: { steps: 2, batch_size: 2 }\n")], (p, _) => SpecificationFile.LoadPreferenceTraining(p, checkFiles: false), [typeof(SpecificationException)], OfText)),
        ["silo YAML"] = new(() => new("a.yaml", [Text("name: a\nroles: [sampler, scorer, trainer]\ndevices: [\"cpu:0\"]\ncluster:\n  kind: localhost\n  id: spo\n")], (p, _) => SiloSettingsFile.Read(p), [typeof(SpecificationException)], OfText)),
        ["--set"] = new(() => new(null, [Text("sampling.steps=4"), Text("evaluation.seeds=[1, 2]"), Text("lora.target_modules=[to_q, to_k]"), Text("judge.members=[{kind: spm, path: a}]")], (_, b) => SpecificationYaml.Parse("name: a\n", "a", [Encoding.UTF8.GetString(b)]), [typeof(SpecificationException)], OfText)),
        ["run manifest"] = new(() => new("manifest.json", [Manifest()], (p, _) => RunManifest.Read(p), [typeof(RunStateException)], OfText)),
        ["manifest of a preference training"] = new(() => new("manifest.json", [Text($$"""{ "format": 2, "configuration": "{{Hash}}", "next_step": 3, "checkpoint": "checkpoints/step-000003", "state_hash": "{{Hash}}", "pairs": 4 }""")], (p, _) => JudgeManifest.Read(p), [typeof(RunStateException)], OfText)),
        ["metrics"] = new(() => new("metrics.jsonl", [Text("{\"round\":0,\"prompts\":8,\"pairs\":38,\"loss\":0.69,\"consumed_digest\":\"00\"}\n{\"round\":1,\"loss\":\"NaN\"}\n")], (p, _) => MetricsFile.Read(p), [typeof(IOException)], OfText)),
        ["lines of pairs"] = new(() => new("a.jsonl", [Text("{\"caption\": \"a cat\", \"win\": \"a.png\", \"lose\": \"b.png\"}\n{\"prompt\": \"é\", \"chosen\": \"a.png\", \"rejected\": \"a.png\", \"label\": 0.5}\n")],
            (p, _) => PairDataset.Open(new OwnPairSpecification { Path = Beside(Beside(p, "a.png", () => [1]), "b.png", () => [2]) }, []), [], OfText)),
        ["table of pairs"] = new(() => new("a.parquet", [Table()], (p, _) => PairDataset.Open(new OwnPairSpecification { Path = p }, []), [], OfFile)),
        ["PNG"] = new(() => Picture("a.png", SKEncodedImageFormat.Png)),
        ["JPEG"] = new(() => Picture("a.jpg", SKEncodedImageFormat.Jpeg)),
        ["WebP"] = new(() => Picture("a.webp", SKEncodedImageFormat.Webp)),
        ["GIF"] = new(() => Picture("a.gif", Convert.FromBase64String("R0lGODlhAQABAIAAAAoUHv///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="))),
        ["texts of a PNG"] = new(() => new(null, [PngFile.Encode(new PixelImage(2, 2, 3, new byte[12]), new Dictionary<string, string> { ["prompt"] = "a cat", ["seed"] = "é" })], (_, b) => PngFile.ReadTexts(b), [typeof(InvalidDataException)], OfText)),
        ["a remote judge's scores"] = new(() => new(null, [Tensors(("scores", ones(3)))], (_, b) => RemoteMessages.Scores(b, 3), [typeof(FormatException)], OfText)),
        ["a remote judge's description"] = new(() => new(null, [Text("""{ "protocol": 1, "name": "a", "input": "images", "knows_timestep": false, "scale": 100.0 }""")], (_, b) => RemoteDescription.Parse(b), [typeof(FormatException)], OfText)),
        ["GenEval's results"] = new(() => new("a.jsonl", [Text("""{"filename": "a/0.png", "tag": "counting", "prompt": "two cats", "correct": true, "reason": "", "metadata": "{}", "details": "{}"}""" + "\n")], (p, _) => GenEvalResult.Read(p), [typeof(InvalidDataException), typeof(IOException)], OfText)),
    };

    const string Vocabulary = """{ "a": 0, "b</w>": 1, "ab</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4 }""", Merges = "#version: 0.2\na b</w>\n";

    static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    static Parser Json(string valid, Action<string> read) => new("config.json", [Text(valid)], (p, _) => read(p), [typeof(CheckpointException)], OfText);

    static Parser Prompts(string file, params string[] valid) =>
        new(file, [.. valid.Select(Text)], (p, _) => PromptFile.Read(new PromptSpecification { Path = p }), [typeof(SpecificationException)], OfText);

    static Parser Picture(string file, SKEncodedImageFormat format)
    {
        using var bitmap = new PixelImage(9, 7, 3, [.. Enumerable.Range(0, 189).Select(i => (byte)(i * 5))]).ToBitmap();
        using var data = bitmap.Encode(format, 90);
        return Picture(file, data.ToArray());
    }

    static Parser Picture(string file, byte[] valid) => new(file, [valid], (_, b) =>
    {
        PhotoImage.ReadSize(b, "it");
        PhotoImage.Decode(b, "it");
    }, [typeof(InvalidDataException)], OfFile);

    static Parser Weights(string file, byte[] valid, Func<string, ITensorSource> open, params byte[][] more) => new(file, [valid, .. more], (p, _) =>
    {
        using var scope = NewDisposeScope();
        using var source = open(p);
        foreach (var key in source.Tensors.Keys) source.Load(key).to_type(ScalarType.Float64).sum();
    }, [typeof(CheckpointException)], OfFile);

    static byte[] Tensors(params (string Key, Tensor Value)[] tensors)
    {
        using var buffer = new MemoryStream();
        SafetensorsWriter.Write(buffer, tensors.ToDictionary(t => t.Key, t => t.Value));
        return buffer.ToArray();
    }

    static byte[] Lora(string down, string up) => Tensors((down, ones(2, 3)), (up, ones(4, 2)));

    static byte[] Pickle(bool legacy) => PickleBuilder.StateDict(legacy, ("a", "0", 0, [2, 3], [1, 2]), ("b", "0", 5, [3], [1]), ("c", "1", 1, [], []));

    static void ReadKey(string key)
    {
        if (LoraKey.Parse(key) is { IsFlat: true } flat) KohyaNames.Unflatten(flat.Layer);
        OtherAdapters.NameOf(key);
    }

    static void Encode(string path) => ClipTokenizer.FromFolder(Path.GetDirectoryName(path)!, ClipTokenizerKind.Slow).Encode("ab ba");

    static byte[] Gzip(byte[] content)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest)) gzip.Write(content);
        return buffer.ToArray();
    }

    static byte[] Manifest() => new RunManifest
    {
        Configuration = Hash,
        Prompts = Hash,
        NextRound = 2,
        Minibatches = 4,
        ConsumedPairs = 8,
        ConsumedDigest = Hash,
        Checkpoint = "checkpoints/round-000002",
        StateHash = Hash,
        AdapterHash = Hash,
    }.ToBytes();

    static byte[] Table()
    {
        using var folder = new TemporaryFolder();
        PickAPicFile.Write(folder.Path("a.parquet"), [new("a cat", [1, 2], [3], 1, 0), new("a dog", [4], [5, 6], 0.5, 0.5)]);
        return File.ReadAllBytes(folder.Path("a.parquet"));
    }

    /// <summary>Writes a second file that the reader needs, once, and gives its path or the first one's, in whose folder it is.</summary>
    static string Beside(string path, string name, Func<byte[]> content)
    {
        var other = Path.Combine(Path.GetDirectoryName(path)!, name);
        if (!File.Exists(other)) File.WriteAllBytes(other, content());
        return name == "adapter_model.safetensors" ? other : path;
    }
}
