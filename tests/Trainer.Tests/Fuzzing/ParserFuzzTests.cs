using System.Diagnostics;
using System.Globalization;
using SpoActors.Trainer.Native;

namespace SpoActors.Trainer.Tests.Fuzzing;

/// <summary>
/// Whatever a parser is given, it reads it or says one of the errors that it documents, in bounded time and memory. A few inputs of each here;
/// <c>eng/fuzz</c> gives as many as there is time for (docs/results/fuzzing.md).
/// </summary>
public sealed class ParserFuzzTests : IDisposable
{
    /// <summary>Environment variables: inputs of each parser or the time for each, what the inputs are drawn from, where counts are written, and where the files are.</summary>
    const string InputsVariable = "SPO_FUZZ_INPUTS", SecondsVariable = "SPO_FUZZ_SECONDS", SeedVariable = "SPO_FUZZ_SEED", ReportVariable = "SPO_FUZZ_REPORT", FolderVariable = "SPO_FUZZ_FOLDER";

    const int InputsOfATest = 150, LongestMessage = 64_000;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly string folder;
    readonly Lock watching = new();
    byte[] current = [];
    long began;

    public ParserFuzzTests()
    {
        NativeLibtorch.EnsureLoaded();
        folder = Directory.CreateDirectory(Path.Combine(Environment.GetEnvironmentVariable(FolderVariable) ?? Path.GetTempPath(), $"spo-fuzz-{Guid.NewGuid():n}")).FullName;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string> Names => [.. Parsers.All.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Parser_OfAnyInput_ReadsItOrRefusesIt(string name)
    {
        var parser = Parsers.All[name].Value;
        // Each of the inputs that the others are made of is read: none of them is refused for another reason.
        foreach (var valid in parser.Valid) Read(parser, valid);

        var seed = Setting(SeedVariable, 1);
        var (limit, until) = Setting(SecondsVariable, 0) is > 0 and var seconds ? (long.MaxValue, Stopwatch.GetTimestamp() + seconds * Stopwatch.Frequency) : (Setting(InputsVariable, InputsOfATest), long.MaxValue);
        using var watch = new Timer(_ => EndWhenStuck(name, seed), null, Patience, TimeSpan.FromSeconds(5));
        var (mutations, started, count, most, slowest) = (new Mutations(seed), Stopwatch.GetTimestamp(), 0L, 0L, 0L);
        for (; count < limit && Stopwatch.GetTimestamp() < until; count++)
        {
            var input = mutations.Apply(parser.Valid[count % parser.Valid.Length]);
            var (before, start) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            lock (watching) (current, began) = (input, start);
            try
            {
                Read(parser, input);
            }
            catch (Exception e) when (parser.Documented.Contains(e.GetType()) || e is IOException && parser.Documented.Contains(typeof(IOException)))
            {
                if (e.Message.Length > LongestMessage) Fail(name, seed, count, input, $"a message of {e.Message.Length} characters");
            }
            catch (Exception e)
            {
                Fail(name, seed, count, input, e.ToString());
            }
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (bytes > parser.MostBytes + input.Length) Fail(name, seed, count, input, $"{bytes} bytes of memory");
            (most, slowest) = (Math.Max(most, bytes), Math.Max(slowest, Stopwatch.GetTimestamp() - start));
        }
        lock (watching) began = 0;
        if (Environment.GetEnvironmentVariable(ReportVariable) is { } report)
            File.AppendAllText(report, string.Create(CultureInfo.InvariantCulture,
                $"{name}\t{seed}\t{count}\t{Stopwatch.GetElapsedTime(started).TotalSeconds:F1}\t{most}\t{slowest * 1000 / Stopwatch.Frequency}\n"));
    }

    void Read(Parser parser, byte[] input)
    {
        var path = "";
        if (parser.File is { } file) File.WriteAllBytes(path = Path.Combine(folder, file), input);
        using var scope = TorchSharp.torch.NewDisposeScope();
        parser.Read(path, input);
    }

    static void Fail(string name, int seed, long count, byte[] input, string what) =>
        Assert.Fail($"{name}, seed {seed}, input {count}, base64 {Convert.ToBase64String(input)}: {what}");

    /// <summary>A parser that never ends cannot be stopped: the process says what it was given, and ends.</summary>
    void EndWhenStuck(string name, int seed)
    {
        lock (watching)
        {
            if (began == 0 || Stopwatch.GetElapsedTime(began) < Patience) return;
            Environment.FailFast($"{name}, seed {seed}, base64 {Convert.ToBase64String(current)}: no end after {Patience.TotalSeconds} s");
        }
    }

    static int Setting(string name, int byDefault) => int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : byDefault;
}
