using System.CommandLine;
using SpoActors.Specification;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>Single passes of the networks, with their share of what the machine reaches in a large matrix product.</summary>
static class UnitCommand
{
    const int Repetitions = 7, Side = 2048;

    public static Command Create()
    {
        var options = new BenchmarkOptions();
        var command = new Command("unit", "Single passes of the networks");
        foreach (var option in options.All) command.Add(option);
        command.SetAction(parsed =>
        {
            var run = options.Run(parsed);
            using var models = new PeerModels(parsed.GetValue(options.Models)!, run, parsed.GetValue(options.Prompts), TimeProvider.System);
            RoundCommand.WarmUp(models);
            var peak = Peak(run.Model.Dtype);
            options.Write(parsed, new
            {
                Program = "SpoActors",
                Size = parsed.GetValue(options.Size),
                Dtype = parsed.GetValue(options.Dtype),
                Threads = parsed.GetValue(options.Threads),
                PeakGflops = peak.Gflops,
                Units = Units(models, run, peak.Gflops),
                Cpu = Report.Processor,
            });
        });
        return command;
    }

    static IEnumerable<Unit> Units(PeerModels models, RunSpecification run, double peak)
    {
        using var scope = NewDisposeScope();
        var (unet, vae) = (models.Model.UNet, models.Model.Decoder.Vae);
        var (dtype, side) = (models.Model.Dtype, unet.Config.SampleSize!.Value);
        var one = models.Model.Prompts.Encode(models.Prompts[0]);
        var candidates = run.Sampling.Candidates;
        // Guidance doubles every row.
        foreach (var rows in (int[])[2, 2 * candidates])
        {
            var latents = randn(rows, unet.Config.InChannels, side, side).to(dtype);
            var conditioning = (UNetConditioning)one.Repeat(rows);
            yield return Time($"unet of {rows}", unet, peak, () => unet.call(latents, tensor(500f), conditioning));
        }
        var clean = randn(candidates, unet.Config.InChannels, side, side).to(dtype);
        yield return Time($"decode of {candidates}", vae, peak, () => vae.Decode(clean));
        using var prompts = models.Judge.Prepare(models.Prompts);
        using var ofCandidates = prompts.Rows([.. Enumerable.Repeat(0, candidates)]);
        var images = vae.Decode(clean);
        yield return Time($"score of {candidates}", null, peak, () => models.Judge.Score(images, ofCandidates, full([candidates], 500f, ScalarType.Float32)));
        var pairs = 2 * run.Training.BatchSize;
        var noisy = randn(pairs, unet.Config.InChannels, side, side).to(dtype);
        var ofPairs = (UNetConditioning)one.Repeat(pairs);
        yield return Time($"unet of {pairs} with backward", null, peak, () =>
        {
            using var gradients = enable_grad();
            Trainer.Models.Layers.Backpropagation.Run(unet.call(noisy, tensor(500f), ofPairs).square().mean());
            foreach (var parameter in models.Adapter.Parameters) parameter.grad = null;
            return empty(0);
        });
    }

    /// <summary>What one large matrix product reaches.</summary>
    static Unit Peak(NumberType type)
    {
        using var scope = NewDisposeScope();
        var dtype = type.ToScalarType();
        var (a, b) = (randn(Side, Side).to(dtype), randn(Side, Side).to(dtype));
        return Measure("matrix product", 2.0 * Side * Side * Side, double.NaN, () => a.mm(b));
    }

    static Unit Time(string name, nn.Module? counted, double peak, Func<Tensor> work)
    {
        var operations = counted is null ? double.NaN : OperationCount.Of(counted, () => Once(work));
        return Measure(name, operations, peak, work);
    }

    static Unit Measure(string name, double operations, double peak, Func<Tensor> work)
    {
        Once(work);
        var seconds = new List<double>();
        for (int i = 0; i < Repetitions; i++)
        {
            var started = TimeProvider.System.GetTimestamp();
            Once(work);
            seconds.Add(TimeProvider.System.GetElapsedTime(started).TotalSeconds);
        }
        var spread = Spread.Of(seconds);
        return new Unit(name, spread, operations / spread.Median / 1e9, operations / spread.Median / 1e9 / peak);
    }

    static void Once(Func<Tensor> work)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        _ = work();
    }

    /// <param name="Name">What was done.</param>
    /// <param name="Seconds">Of one.</param>
    /// <param name="Gflops">Of its convolutions and linear layers; attention's products are not counted. NaN where it was not counted.</param>
    /// <param name="PeakShare">Of what a large matrix product reaches.</param>
    sealed record Unit(string Name, Spread Seconds, double Gflops, double PeakShare);
}
