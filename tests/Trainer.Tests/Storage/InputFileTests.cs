using System.Diagnostics;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Silos;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.PyTorch;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Evaluation.GenEval;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Judges.Remote;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Storage;

/// <summary>Whatever stands in a file's place, no reader waits for it, reads it without end, or fails in a way that nobody planned.</summary>
public sealed class InputFileTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly TemporaryFolder folder = new();

    public InputFileTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    /// <summary>Every reader of a file, and the name of that file.</summary>
    static readonly Dictionary<string, (string Name, Action<string> Read)> Readers = new()
    {
        ["a table of pairs"] = ("a.parquet", p => Pairs(p)),
        ["a folder's table of pairs"] = ("a.parquet", p => Pairs(Path.GetDirectoryName(p)!)),
        ["tables of a preference training"] = ("a.parquet", p => Preferences(p)),
        ["lines of pairs"] = ("a.jsonl", p => Pairs(p)),
        ["an image of a line"] = ("a.png", p => Pairs(Beside(p, "a.jsonl", """{"caption": "a", "win": "a.png", "lose": "a.png"}"""))),
        ["an image of a folder"] = ("w/a.png", p => Pairs(Parent(Beside(p, "../l/a.png", "x"), 2))),
        ["a caption"] = ("w/a.txt", p => Pairs(Parent(Beside(Beside(p, "a.png", "x"), "../l/a.png", "x"), 2))),
        ["an image that was there"] = ("a.png", p => new ImageFile(p, "a.png", 1).Read()),
        ["a picture"] = ("a.png", p => PixelImage.Load(p)),
        ["a run's manifest"] = ("manifest.json", p => RunManifest.In(Path.GetDirectoryName(p)!)),
        ["a preference training's manifest"] = ("manifest.json", p => JudgeManifest.Read(p)),
        ["metrics"] = ("metrics.jsonl", p => MetricsFile.Read(p)),
        ["a run's folder"] = ("log.txt", p => HeldFolder.Open(Path.GetDirectoryName(p)!, resume: true).Dispose()),
        ["a hash"] = ("a", p => AtomicFile.Hash(p)),
        ["a copy"] = ("a", p => AtomicFile.Copy(p, p + "2")),
        ["a checkpoint"] = ("a.ckpt", p => CheckpointFile.Open(p).Dispose()),
        ["safetensors"] = ("a.safetensors", p => SafetensorsFile.Open(p).Dispose()),
        ["a pickle"] = ("a.bin", p => PyTorchFile.Open(p).Dispose()),
        ["a configuration of a model"] = ("config.json", p => CheckpointJson.ReadObject(p, "a configuration")),
        ["a scheduler"] = ("scheduler_config.json", p => SchedulerConfig.Load(p)),
        ["a LoRA"] = ("a.safetensors", p => LoraWeights.Read(p)),
        ["a list of files"] = ("files.json", p => FileManifest.Check(Path.GetDirectoryName(p)!)),
        ["vocab.json"] = ("vocab.json", p => BytePairVocabulary.FromFolder(Path.GetDirectoryName(Beside(p, "merges.txt", "a b\n"))!)),
        ["merges.txt"] = ("merges.txt", p => BytePairVocabulary.FromFolder(Path.GetDirectoryName(Beside(p, "vocab.json", "{\"a\": 0}"))!)),
        ["tokenizer.json"] = ("tokenizer.json", p => BytePairVocabulary.FromFolder(Path.GetDirectoryName(p)!)),
        ["tokenizer_config.json"] = ("tokenizer_config.json", p => ClipTokenizerFolder.ReadOptions(Path.GetDirectoryName(p)!, ClipTokenizerKind.Slow)),
        ["a list of merges"] = ("bpe.txt.gz", p => BytePairVocabulary.FromBpeFile(p)),
        ["BERT's vocabulary"] = ("vocab.txt", p => BertTokenizer.FromFile(p)),
        ["preprocessor_config.json"] = ("preprocessor_config.json", p => ClipImageProcessor.InFolder(Path.GetDirectoryName(p)!)),
        ["processor_config.json"] = ("processor_config.json", p => ClipImageProcessor.InFolder(Path.GetDirectoryName(p)!)),
        ["prompts"] = ("a.json", p => PromptFile.Read(new PromptSpecification { Path = p })),
        ["lines of prompts"] = ("a.txt", p => PromptFile.Read(new PromptSpecification { Path = p })),
        ["a table of prompts"] = ("a.csv", p => PromptFile.Read(new PromptSpecification { Path = p })),
        ["a configuration"] = ("a.yaml", p => SpecificationFile.Load(p)),
        ["what a configuration extends"] = ("a.yaml", p => SpecificationFile.Load(Beside(p, "b.yaml", "extends: a.yaml\n", give: true))),
        ["a silo's settings"] = ("a.yaml", p => SiloSettingsFile.Read(p)),
        ["GenEval's results"] = ("a.jsonl", p => GenEvalResult.Read(p)),
        ["a token"] = ("token", p => new RemoteJudge(new JudgeSpecification { Url = "http://127.0.0.1:9", TokenFile = p }, CPU).Dispose()),
    };

    public static TheoryData<string> Names => [.. Readers.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Reading_OfWhatIsNoFile_EndsInAMessage(string reader)
    {
        var (name, read) = Readers[reader];
        foreach (var kind in (string[])["pipe", "device", "folder", "nowhere", "unreadable", "binary"])
        {
            var path = folder.Path($"{kind}/{name}");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(path)!, "..", "l"));
            await Make(path, kind);
            var error = await Task.Factory.StartNew(() => Record.Exception(() => read(path)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(Patience, TestContext.Current.CancellationToken);
            if (error is not null && error.GetType().Assembly != typeof(InputFile).Assembly && error is not (SpecificationException or IOException or InvalidDataException or UnauthorizedAccessException))
                Assert.Fail($"{kind}: {error}");
            if (kind is "pipe" or "device") Assert.True(error is not null && error.Message.Contains("a pipe or device", StringComparison.Ordinal), $"{kind}: {error}");
        }
    }

    [Fact]
    public void Lines_OfAllEndings_AreReadAsTheyAre()
    {
        var path = folder.Write("a", "one\r\n\ntwo\nthree");
        Assert.Equal(["one", "", "two", "three"], InputFile.ReadLines(path, longest: 5));
        Assert.Contains("line 4, has more than 4 characters", Assert.Throws<InputFileException>(() => InputFile.ReadLines(path, longest: 4).Count()).Message, StringComparison.Ordinal);
    }

    static async Task Make(string path, string kind)
    {
        switch (kind)
        {
            case "pipe":
                using (var made = Process.Start("mkfifo", [path])) await made.WaitForExitAsync();
                break;
            case "device": File.CreateSymbolicLink(path, "/dev/zero"); break;
            case "nowhere": File.CreateSymbolicLink(path, path + "-gone"); break;
            case "folder": Directory.CreateDirectory(path); break;
            default:
                await File.WriteAllBytesAsync(path, [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 7))]);
                if (kind == "unreadable" && OperatingSystem.IsLinux()) File.SetUnixFileMode(path, UnixFileMode.None);
                break;
        }
    }

    /// <summary>Writes a second file that the reader needs, and gives the first one's path, or its own.</summary>
    static string Beside(string path, string name, string content, bool give = false)
    {
        var other = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, name));
        File.WriteAllText(other, content);
        return give || name.EndsWith(".jsonl", StringComparison.Ordinal) ? other : path;
    }

    static string Parent(string path, int levels) => levels == 0 ? path : Parent(Path.GetDirectoryName(path)!, levels - 1);

    static void Pairs(string path) => Refuse(problems => PairDataset.Open(new OwnPairSpecification { Path = path }, problems));

    static void Preferences(string path) => Refuse(problems => PairIndex.Scan([path], "data.train", problems, [_ => true]));

    static void Refuse(Action<List<Problem>> look)
    {
        List<Problem> problems = [];
        look(problems);
        if (problems.Count > 0) throw new SpecificationException("the data", problems);
    }
}
