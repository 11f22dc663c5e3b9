using System.Runtime.InteropServices;
using SpoActors.Grains.Interfaces;
using SpoActors.Plugins;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Client;

/// <summary>What an exception means to the user.</summary>
static class Failures
{
    /// <summary>Exit code and message; unforeseen exceptions are shown whole, since their place is what helps.</summary>
    public static (ExitCode Code, string Message) Explain(Exception exception) => exception switch
    {
        ClientException client => (client.Code, client.Message),
        OperationCanceledException => (ExitCode.Cancelled, "Cancelled."),
        SpecificationException or CheckpointException or LoraException or TokenizerException or InvalidDataException or InputFileException or PluginException => (ExitCode.InvalidInput, exception.Message),
        JudgeException => (ExitCode.Failed, exception.Message),
        RunStateException => (ExitCode.RunConflict, exception.Message),
        PipelineException pipeline => (Code(pipeline.Fault), pipeline.Message),
        DivergedException or NotFiniteNumberException => (ExitCode.Failed, exception.Message),
        FileNotFoundException or DirectoryNotFoundException => (ExitCode.NotFound, exception.Message),
        NativeLibtorchException or DeviceException => (ExitCode.DeviceUnavailable, exception.Message),
        ExternalException native when native.Message.Contains("memory", StringComparison.Ordinal) => (ExitCode.Failed, OutOfMemory(native.Message)),
        // A static constructor of TorchSharp was the first to need the library.
        TypeInitializationException { InnerException: { } inner } => Explain(inner),
        IOException or UnauthorizedAccessException => (ExitCode.Failed, exception.Message),
        _ => (ExitCode.Failed, exception.ToString()),
    };

    /// <summary>The first line says how much; what follows are addresses in libtorch.</summary>
    static string OutOfMemory(string message) =>
        $"There is not enough memory: {message.Split('\n')[0].Trim().TrimEnd('.')}. Lower the image size, the batch or the number of candidates, or take a device with more.";

    static ExitCode Code(PipelineFault fault) => fault switch
    {
        PipelineFault.NoSuchRun => ExitCode.NotFound,
        PipelineFault.Conflict => ExitCode.RunConflict,
        PipelineFault.WrongVersion => ExitCode.VersionMismatch,
        _ => ExitCode.InvalidInput,
    };
}
