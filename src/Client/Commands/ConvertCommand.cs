using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Specification;
using SpoActors.Specification.Texts;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Client.Commands;

/// <summary><c>spo convert</c>: a LoRA file from one format into another.</summary>
sealed class ConvertCommand : Command
{
    /// <summary>Formats that are written.</summary>
    enum Target { Diffusers, Kohya }

    readonly Argument<string> input = new("input") { Description = "A LoRA file: diffusers, peft or kohya, safetensors." };
    readonly Argument<string> result = new("result") { Description = "The file to write." };
    readonly Option<Target> to = SharedOptions.Choice("--to", Target.Diffusers, "The format to write: diffusers, or kohya for web interfaces.");
    readonly Option<NumberType?> dtype = new("--dtype") { Description = "Weight type: float32, bfloat16 or float16; that of the input by default." };
    readonly Option<LoraFilePart[]> ignore = SharedOptions.IgnoredLoraParts();
    readonly Option<bool> overwrite = new("--overwrite") { Description = "Replace an existing file." };
    readonly Option<OutputFormat> format = SharedOptions.Format();
    readonly IConsoleOutput output;

    public ConvertCommand(IConsoleOutput output) : base("convert", "Convert a LoRA between file formats.")
    {
        this.output = output;
        dtype.CustomParser = argument => Parse(argument.Tokens[0].Value) ?? Refuse(argument);
        Arguments.Add(input);
        Arguments.Add(result);
        foreach (Option option in new Option[] { to, dtype, ignore, overwrite, format }) Options.Add(option);
        SetAction((parsed, _) => Task.FromResult(Execute(parsed)));
    }

    int Execute(ParseResult parsed)
    {
        var (from, target) = (InputPath.Readable(parsed.GetValue(input)!), UserPath.Expand(parsed.GetValue(result)!));
        if (!Path.Exists(from)) throw new ClientException(ExitCode.NotFound, $"The LoRA file '{from}' does not exist.");
        if (Path.GetFullPath(from) == Path.GetFullPath(target)) throw new ClientException(ExitCode.InvalidInput, $"'{from}' cannot be converted onto itself; name another result.");
        if (File.Exists(target) && !parsed.GetValue(overwrite)) throw new ClientException(ExitCode.InvalidInput, $"'{target}' exists. Name another result, or add --overwrite.");
        using var scope = NewDisposeScope();
        using var source = CheckpointFile.Open(from);
        if (!LoraWeights.IsAdapter(source)) throw new ClientException(ExitCode.InvalidInput, $"'{from}' is no LoRA of a UNet; `spo inspect` says what it is.");
        var factors = LoraWeights.Read(source, ignore: parsed.GetValue(ignore));
        var found = LoraWeights.FormatOf(source);
        var type = parsed.GetValue(dtype)?.ToScalarType() ?? StoredType(source);
        var hash = AtomicFile.Write(target, stream =>
        {
            if (parsed.GetValue(to) == Target.Kohya) LoraWeights.WriteKohya(stream, factors, type);
            else LoraWeights.WriteDiffusers(stream, factors, type);
        });
        output.Result(parsed.GetValue(format), new { Input = from, From = found, Result = target, To = parsed.GetValue(to), Layers = factors.Count, Dtype = SpecificationKeys.ToKey(type.ToString()), Sha256 = hash },
            r => [ResultOutput.Properties(null, ("input", r.Input), ("from", r.From), ("result", r.Result), ("to", r.To), ("layers", r.Layers), ("dtype", r.Dtype), ("sha-256", r.Sha256))]);
        return (int)ExitCode.Success;
    }

    /// <summary>The type of the file's weights; the widest where they differ.</summary>
    static ScalarType StoredType(ITensorSource source) =>
        source.Tensors.Values.Where(t => t.Shape.Count > 1).Select(t => t.DType).Distinct().ToArray() is [var only] ? only : ScalarType.Float32;

    static NumberType? Parse(string text) =>
        Enum.GetValues<NumberType>().Select(t => (NumberType?)t).FirstOrDefault(t => SpecificationKeys.ToKey(t.ToString()!) == text);

    static NumberType? Refuse(System.CommandLine.Parsing.ArgumentResult argument)
    {
        argument.AddError($"--dtype is '{argument.Tokens[0].Value}'; expected one of {string.Join(", ", Enum.GetNames<NumberType>().Select(SpecificationKeys.ToKey))}.");
        return null;
    }
}
