using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>A preference model's network as training sees it: with or without knowledge of the timestep.</summary>
public sealed class JudgeNetwork : IDisposable
{
    readonly Func<Tensor, Tensor> text;
    readonly Func<Tensor, Tensor, Tensor> image;
    readonly Func<Tensor> logitScale;

    JudgeNetwork(nn.Module module, ClipConfig config, bool isStepAware, Func<Tensor, Tensor> text, Func<Tensor, Tensor, Tensor> image, Func<Tensor> logitScale) =>
        (Module, Config, IsStepAware, this.text, this.image, this.logitScale) = (module, config, isStepAware, text, image, logitScale);

    /// <summary>A step-aware model.</summary>
    public JudgeNetwork(TimeConditionedClipModel network)
        : this(network, network.Config, true, ids => network.TextFeatures(ids), (pixels, t) => network.ImageFeatures(pixels, t), () => network.LogitScale)
    {
    }

    /// <summary>A model without step conditioning.</summary>
    public JudgeNetwork(ClipModel network)
        : this(network, network.Config, false, ids => network.TextFeatures(ids), (pixels, _) => network.ImageFeatures(pixels), () => network.LogitScale)
    {
    }

    public nn.Module Module { get; }

    public ClipConfig Config { get; }

    public bool IsStepAware { get; }

    /// <summary>Type in which it computes.</summary>
    public ScalarType Dtype => logitScale().dtype;

    /// <summary>Float32, on the CPU, with the weights of a plain preference model, whose scores it gives at every timestep.</summary>
    /// <param name="checkpoint">A plain CLIP's weights.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="stepAware">With adaLN and a fresh time embedder.</param>
    /// <param name="seed">Of the time embedder's weights.</param>
    /// <exception cref="CheckpointException">The weights do not fit.</exception>
    public static JudgeNetwork From(ITensorSource checkpoint, ClipConfig config, bool stepAware, ulong seed)
    {
        using var plain = ModuleLoading.Load(new ClipModel(config, META), ClipJudgeLoading.Unwrap(checkpoint), new LoadOptions { Dtype = ScalarType.Float32 });
        // Built with memory of its own: a loaded parameter may be a view of the mapped file, which training must not write to.
        var network = stepAware ? new JudgeNetwork(new TimeConditionedClipModel(config)) : new JudgeNetwork(new ClipModel(config));
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var target = network.Module.state_dict();
        foreach (var (key, value) in plain.state_dict()) target[key].copy_(value);
        var (random, layer) = (new PairRandom(seed), 0);
        if (network.Module is TimeConditionedClipModel aware) aware.ResetTimeConditioning(shape => random.TimeEmbedder(layer++, shape));
        return network;
    }

    /// <summary>Moves the weights to a device.</summary>
    public void MoveTo(Device device) => Module.to(device);

    /// <summary>Features of a batch, divided by their norm, float32, with gradients where they are enabled.</summary>
    public PairFeatures Features(PairBatch batch)
    {
        using var scope = NewDisposeScope();
        var features = new PairFeatures(
            Normalize(text(batch.InputIds_BL)),
            Normalize(image(batch.First_BCHW.to_type(Dtype), batch.Timesteps_B)),
            Normalize(image(batch.Second_BCHW.to_type(Dtype), batch.Timesteps_B)),
            logitScale().to_type(ScalarType.Float32).exp());
        foreach (var tensor in new[] { features.Text_BP, features.First_BP, features.Second_BP, features.Scale }) tensor.MoveToOuterDisposeScope();
        return features;
    }

    // A cosine times 100 in bfloat16 would be off by up to half a unit.
    static Tensor Normalize(Tensor features_BP) => ClipFeatures.Normalize(features_BP.to_type(ScalarType.Float32));

    public void Dispose() => Module.Dispose();
}
