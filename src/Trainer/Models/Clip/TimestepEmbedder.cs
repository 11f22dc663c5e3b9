using SpoActors.Trainer.Models.Layers;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Sinusoid of the diffusion timestep (cosines first) and a two-layer MLP: mlp.2(SiLU(mlp.0(sinusoid))).</summary>
sealed class TimestepEmbedder : Module
{
    /// <summary>Width of the sinusoid, whatever the model's width.</summary>
    public const int Frequencies = 256;

    readonly EmbedderMlp mlp;

    public TimestepEmbedder(int hiddenSize, Device? device, ScalarType dtype) : base(nameof(TimestepEmbedder))
    {
        mlp = new EmbedderMlp(hiddenSize, device, dtype);
        RegisterComponents();
    }

    /// <returns>[B, hidden].</returns>
    public Tensor forward(Tensor timesteps_B)
    {
        using var scope = NewDisposeScope();
        return mlp.forward(Sinusoid.Embed(timesteps_B, Frequencies)).MoveToOuterDisposeScope();
    }

    /// <summary>Weights from a normal distribution of the given deviation, biases zero.</summary>
    /// <param name="deviation">Standard deviation.</param>
    /// <param name="normal">Standard normal numbers of a shape; null for libtorch's.</param>
    public void Reset(double deviation, Func<long[], Tensor>? normal) => mlp.Reset(deviation, normal);

    sealed class EmbedderMlp : Module
    {
        [ComponentName(Name = "0")]
        readonly TorchSharp.Modules.Linear expand;

        [ComponentName(Name = "2")]
        readonly TorchSharp.Modules.Linear project;

        public EmbedderMlp(int hiddenSize, Device? device, ScalarType dtype) : base(nameof(EmbedderMlp))
        {
            expand = Linear(Frequencies, hiddenSize, device: device, dtype: dtype);
            project = Linear(hiddenSize, hiddenSize, device: device, dtype: dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor sinusoid_BF) => project.forward(functional.silu(expand.forward(sinusoid_BF.to_type(expand.weight!.dtype))));

        public void Reset(double deviation, Func<long[], Tensor>? normal)
        {
            using var scope = NewDisposeScope();
            foreach (var layer in new[] { expand, project })
            {
                if (normal is null) init.normal_(layer.weight!, 0, deviation);
                else layer.weight!.copy_(normal(layer.weight!.shape) * deviation);
                init.zeros_(layer.bias!);
            }
        }
    }
}
