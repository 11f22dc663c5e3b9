using System.Globalization;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Method;

/// <summary>Counts the process's tensors and memory, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    [Fact]
    public void Training_Over500Minibatches_KeepsNoTensorAndNoMemory()
    {
        const int warmUp = 50, iterations = 500;
        var run = TinyRun.Sd15() with { Training = TinyRun.Sd15().Training with { BatchSize = 2, GradientAccumulation = 1 } };
        var random = new CounterBasedRandom(1);
        using var model = DiffusionModel.Load(run.Model);
        using var adapter = Adapters.Create(model.UNet, run.Lora, random);
        using var training = new TrainingStage(model, adapter, new MethodPlan(run), random);
        string[] prompts = ["a red cat", "two dogs"];

        Train(warmUp);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var (tensors, resident) = (Tensor.TotalCount, ResidentKilobytes());
        Train(iterations);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(tensors, Tensor.TotalCount);
        // A leak of one latent an iteration would show as 0.5 MB, one activation as tens; the rest is the runtime's own noise.
        Assert.InRange(ResidentKilobytes() - resident, long.MinValue, 16 * 1024);

        void Train(int minibatches)
        {
            for (int i = 0; i < minibatches; i++)
            {
                TrainingSample[] pairs = [Pair(i, 0), Pair(i, 1)];
                training.TrainRound(i, pairs, prompts);
                foreach (var pair in pairs) pair.Dispose();
            }
        }
    }

    static TrainingSample Pair(int round, int prompt)
    {
        using var scope = NewDisposeScope();
        var current = Latents();
        return new TrainingSample
        {
            Id = new SampleId(round, 0, 2, prompt),
            Timestep = 501,
            Win = new SampleBranch(0, current) { Next = Latents() },
            Lose = new SampleBranch(1, current) { Next = Latents() },
        };

        static Tensor Latents() => randn(4, 8, 8).DetachFromDisposeScope();
    }

    static long ResidentKilobytes() => long.Parse(
        File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture);
}
