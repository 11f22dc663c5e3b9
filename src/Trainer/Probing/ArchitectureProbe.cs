using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Minibatches;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Models.Layers;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Optimization;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Probing;

/// <summary>
/// Builds a published architecture with random weights and runs one candidate step and one training pair through the product's own
/// code: says whether a machine can do it, and how fast, before a checkpoint is downloaded.
/// </summary>
/// <param name="architecture">The model's sizes.</param>
/// <param name="device">Where to run.</param>
/// <param name="dtype">Type of the weights.</param>
/// <param name="withVae">Whether to decode the candidates.</param>
/// <param name="time">Measures.</param>
public sealed class ArchitectureProbe(PublishedArchitecture architecture, Device device, ScalarType dtype, bool withVae, TimeProvider time)
{
    const ulong Seed = 42;
    const double GuidanceScale = 5;

    readonly CounterBasedRandom random = new(Seed);

    /// <summary>Runs the probe on the calling thread.</summary>
    /// <param name="say">Told of each step as it begins.</param>
    /// <param name="cancellation">Checked between the steps.</param>
    public ProbeReport Run(Action<string> say, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        say("building the model with random weights");
        var started = time.GetTimestamp();
        using var unet = Fill(new UNet2DCondition(architecture.UNet, META, dtype));
        unet.GradientCheckpointing = true;
        var unetParameters = Parameters(unet);
        using var vae = withVae ? Fill(new AutoencoderKl(architecture.Vae, META, dtype)) : null;
        if (vae is not null && Kernels.AreFast) ChannelsLast.Prepare(vae);
        if (vae is not null) vae.Slicing = true;
        using var adapter = LoraAdapter.Attach(unet, new LoraSpecification { Rank = architecture.LoraRank }, random.LoraInitialization);
        var buildSeconds = Since(started);

        var policy = new GuidedDenoiser(new UNetDenoiser(unet, adapter), GuidanceScale);
        var schedule = NoiseSchedule.Create(PublishedArchitecture.Scheduler);
        var ddim = new DdimScheduler(schedule, new SamplingSpecification().Steps, eta: 1, DdimLastStep.ClampToFirst);
        var conditioning = new RandomConditioning(architecture, device, dtype);

        cancellation.ThrowIfCancellationRequested();
        say($"sampling {architecture.Candidates} candidates of one step");
        started = time.GetTimestamp();
        using var pool = SamplePool(policy, ddim, conditioning, cancellation);
        Synchronize();
        var candidateSeconds = Since(started);

        double? decodeSeconds = null;
        if (vae is not null)
        {
            cancellation.ThrowIfCancellationRequested();
            say("decoding them");
            started = time.GetTimestamp();
            using var images = new LatentDecoder(vae, dtype, device).Decode(pool.Clean.flatten(0, 1));
            Synchronize();
            decodeSeconds = Since(started);
        }

        cancellation.ThrowIfCancellationRequested();
        say("training on one pair");
        started = time.GetTimestamp();
        using var optimizer = new AccumulatingOptimizer(adapter.NamedParameters, new OptimizerSpecification(), accumulation: 1, NumberType.Float32);
        var objective = ObjectiveRegistry.Create(ObjectiveKinds.Resolve(new ObjectiveSpecification()));
        var trainer = new MinibatchTrainer(policy, ddim, schedule, objective, optimizer, new TrainingSpecification(), random, device);
        using var pair = FirstPair(pool);
        var trained = trainer.Train([pair], [0], epoch: 0, conditioning, cancellation: cancellation)[0];
        Synchronize();
        return new ProbeReport
        {
            Architecture = architecture.Name,
            Device = device.ToString(),
            Dtype = dtype.ToString(),
            ImageSide = architecture.ImageSide,
            UNetParameters = unetParameters,
            VaeParameters = vae is null ? 0 : Parameters(vae),
            LoraParameters = adapter.Parameters.Sum(p => p.numel()),
            Candidates = architecture.Candidates,
            BuildSeconds = buildSeconds,
            CandidateStepSeconds = candidateSeconds,
            DecodeSeconds = decodeSeconds,
            TrainPairSeconds = Since(started),
            Loss = trained.Loss,
            GradientNorm = trained.GradientNorm ?? 0,
            PeakHostMemory = HostMemory.Peak(),
        };
    }

    CandidatePool SamplePool(GuidedDenoiser policy, DdimScheduler ddim, RandomConditioning conditioning, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var sampling = new SamplingSpecification { Candidates = architecture.Candidates, DivertStartStep = 0, DivertEndStep = 1 };
        var side = architecture.ImageSide / architecture.Vae.Downscaling;
        var sampler = new CandidateSampler(ddim, sampling, new LatentSize(architecture.UNet.InChannels, side, side), random, device);
        using var denoiser = policy.For(conditioning.Rows([0]));
        using var pools = sampler.Begin(new ItemDraw(0, 0, [0]), denoiser);
        return pools.Next(cancellation)!;
    }

    static TrainingSample FirstPair(CandidatePool pool)
    {
        var transition = pool.Transitions[0];
        var current = Row(transition.Current, 0);
        return new TrainingSample
        {
            Id = new SampleId(0, 0, transition.Step, 0),
            Timestep = transition.Timestep,
            Win = new SampleBranch(0, current) { Next = Row(transition.Next, 0) },
            Lose = new SampleBranch(1, current) { Next = Row(transition.Next, 1) },
        };

        static Tensor Row(Tensor tensor_KBCHW, int candidate) => tensor_KBCHW[candidate, 0].clone().DetachFromDisposeScope();
    }

    T Fill<T>(T model) where T : nn.Module
    {
        using var weights = new RandomWeights(model, dtype);
        return ModuleLoading.Load(model, weights, new LoadOptions { Dtype = dtype, Device = device });
    }

    static long Parameters(nn.Module model) => model.parameters().Sum(p => p.numel());

    double Since(long started) => time.GetElapsedTime(started).TotalSeconds;

    void Synchronize()
    {
        if (device.type == TorchSharp.DeviceType.CUDA) cuda.synchronize();
    }
}
