using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>The noise prediction that is trained, with its own reference inside.</summary>
public interface ITrainablePolicy
{
    /// <summary>Prediction of the model, guided if the objective says so; differentiable with respect to the LoRA.</summary>
    /// <param name="latents">x_t, [N, C, H, W].</param>
    /// <param name="timesteps">t of each row, [N].</param>
    /// <param name="conditioning">Conditioning of each row.</param>
    /// <returns>float32, shaped as the latents.</returns>
    Tensor Predict(Tensor latents, Tensor timesteps, ConditioningRows conditioning);

    /// <summary>Until disposed, <see cref="Predict"/> is the reference policy: the base model, the adapter switched off.</summary>
    IDisposable UseReference();
}
