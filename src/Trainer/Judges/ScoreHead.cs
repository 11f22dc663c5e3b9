using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// A scoring head of linear layers without activations (LAION's aesthetic predictor, ImageReward): widths input-1024-128-64-16-1,
/// keys <c>layers.0, .2, .4, .6, .7</c>. The dropout between them acts only in training.
/// </summary>
public sealed class ScoreHead : Module
{
    readonly Stack layers;

    /// <param name="inputSize">Width of the features.</param>
    /// <param name="device">META builds the head without memory.</param>
    /// <param name="dtype">Element type of the parameters.</param>
    public ScoreHead(int inputSize, Device? device = null, ScalarType dtype = ScalarType.Float32) : base(nameof(ScoreHead))
    {
        layers = new Stack(inputSize, device, dtype);
        RegisterComponents();
    }

    /// <summary>Element type of the parameters.</summary>
    public ScalarType Dtype => layers.InOrder[0].weight!.dtype;

    /// <summary>Scores, [B], of features [B, D].</summary>
    public Tensor forward(Tensor features_BD) => forward(features_BD, []);

    /// <param name="features_BD">Features, [B, D].</param>
    /// <param name="afterLayers">Receives what follows each layer.</param>
    internal Tensor forward(Tensor features_BD, List<Tensor> afterLayers)
    {
        var x = features_BD;
        foreach (var layer in layers.InOrder) afterLayers.Add(x = layer.forward(x));
        return x.squeeze(-1);
    }

    sealed class Stack : Module
    {
        [ComponentName(Name = "0")]
        readonly TorchSharp.Modules.Linear layer0;

        [ComponentName(Name = "2")]
        readonly TorchSharp.Modules.Linear layer2;

        [ComponentName(Name = "4")]
        readonly TorchSharp.Modules.Linear layer4;

        [ComponentName(Name = "6")]
        readonly TorchSharp.Modules.Linear layer6;

        [ComponentName(Name = "7")]
        readonly TorchSharp.Modules.Linear layer7;

        public Stack(int inputSize, Device? device, ScalarType dtype) : base(nameof(Stack))
        {
            layer0 = Linear(inputSize, 1024, device: device, dtype: dtype);
            layer2 = Linear(1024, 128, device: device, dtype: dtype);
            layer4 = Linear(128, 64, device: device, dtype: dtype);
            layer6 = Linear(64, 16, device: device, dtype: dtype);
            layer7 = Linear(16, 1, device: device, dtype: dtype);
            RegisterComponents();
        }

        public IReadOnlyList<TorchSharp.Modules.Linear> InOrder => [layer0, layer2, layer4, layer6, layer7];
    }
}
