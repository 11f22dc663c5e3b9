using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Client.Diagnosis;
using SpoActors.Client.Runs;
using SpoActors.Specification;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Probing;
using static TorchSharp.torch;

namespace SpoActors.Client.Commands;

/// <summary><c>spo doctor</c>: can this machine do the work, and if not, what to do.</summary>
sealed class DoctorCommand : Command
{
    readonly Argument<string[]> configs = new("config") { Description = "Configurations to check.", Arity = ArgumentArity.ZeroOrMore };
    readonly Option<string[]> set = new("--set") { Description = "Overrides a key of the configurations, such as sampling.steps=4. May be given several times.", HelpName = "key=value" };
    readonly Option<string?> probe = new("--probe") { Description = "Build sd15 or sdxl with random weights and run one candidate step and one training pair.", HelpName = "sd15|sdxl" };
    readonly Option<string> device = SharedOptions.Device();
    readonly Option<NumberType> dtype = SharedOptions.Choice("--dtype", NumberType.BFloat16, "Weight type of the probe.");
    readonly Option<int> threads = new("--threads") { Description = "Threads of the probe on the CPU; 0 takes all cores." };
    readonly Option<string> folder = new("--output") { Description = "Folder that runs will be written to.", DefaultValueFactory = _ => new RunSpecification().Output };
    readonly Option<OutputFormat> format = SharedOptions.Format();
    readonly IConsoleOutput output;
    readonly TimeProvider time;
    readonly OracleRegistry oracles;

    public DoctorCommand(IConsoleOutput output, TimeProvider time, OracleRegistry oracles) : base("doctor", "Check this machine, and configurations, before a run.")
    {
        (this.output, this.time, this.oracles) = (output, time, oracles);
        probe.AcceptOnlyFromAmong("sd15", "sdxl");
        Arguments.Add(configs);
        foreach (Option option in new Option[] { set, probe, device, dtype, threads, folder, format }) Options.Add(option);
        SetAction((parsed, cancellation) => Task.FromResult(parsed.GetValue(probe) is { } name ? Probe(parsed, name, cancellation) : Check(parsed)));
    }

    int Check(ParseResult parsed)
    {
        var libtorch = LibtorchChecks.Run().ToArray();
        var loaded = libtorch.All(f => f.Status != FindingStatus.Error);
        var configurations = parsed.GetValue(configs)!.SelectMany(path => ConfigurationChecks.Run(path, parsed.GetValue(set) ?? [], loaded, oracles)).ToArray();
        Finding[] findings = [.. libtorch, .. MachineChecks.Run(parsed.GetValue(folder)!, loaded), .. configurations];
        output.Result(parsed.GetValue(format), findings, Finding.Tables);
        return (int)(!loaded ? ExitCode.DeviceUnavailable
            : configurations.Any(f => f.Status == FindingStatus.Error) ? ExitCode.InvalidInput
            : ExitCode.Success);
    }

    int Probe(ParseResult parsed, string name, CancellationToken cancellation)
    {
        var (deviceName, type) = (parsed.GetValue(device)!, parsed.GetValue(dtype));
        DeviceCheck.Ensure(deviceName);
        if (deviceName == "cpu" && type == NumberType.Float16)
            throw new ClientException(ExitCode.InvalidInput, "--dtype is float16; libtorch has no usable float16 on the CPU. Use bfloat16 or float32.");
        if (parsed.GetValue(threads) is > 0 and var count) set_num_threads(count);
        var architecture = name == "sd15" ? PublishedArchitecture.Sd15 : PublishedArchitecture.Sdxl;
        // SDXL's decoder at 1024 x 1024 is a matter of its own: the probe is about the UNet.
        var withVae = architecture == PublishedArchitecture.Sd15;
        var report = new ArchitectureProbe(architecture, TorchNames.ParseDevice(deviceName), type.ToScalarType(), withVae, time).Run(output.Say, cancellation);
        output.Result(parsed.GetValue(format), report, Tables);
        return (int)ExitCode.Success;
    }

    static IEnumerable<OutputTable> Tables(ProbeReport report) =>
    [
        ResultOutput.Properties(null,
            ("architecture", report.Architecture), ("device", report.Device), ("dtype", report.Dtype), ("image side", report.ImageSide),
            ("UNet parameters", report.UNetParameters), ("VAE parameters", report.VaeParameters == 0 ? null : report.VaeParameters), ("LoRA parameters", report.LoraParameters),
            ("candidates", report.Candidates), ("build, seconds", report.BuildSeconds), ("candidate step, seconds", report.CandidateStepSeconds),
            ("decode, seconds", report.DecodeSeconds), ("training pair, seconds", report.TrainPairSeconds), ("loss", report.Loss),
            ("gradient norm", report.GradientNorm), ("peak host memory, MiB", report.PeakHostMemory >> 20)),
    ];
}
