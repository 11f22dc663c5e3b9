using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>A judge in training, whether or not it knows the timestep.</summary>
/// <param name="Module">Its weights.</param>
/// <param name="TextFeatures">From token ids.</param>
/// <param name="ImageFeatures">From images and their timesteps.</param>
/// <param name="LogitScale">Log of the factor between cosine and score.</param>
public sealed record JudgeNetwork(nn.Module Module, Func<Tensor, Tensor> TextFeatures, Func<Tensor, Tensor, Tensor> ImageFeatures, Tensor LogitScale)
{
    public static JudgeNetwork StepAware(TimeConditionedClipModel model) => new(model, model.TextFeatures, model.ImageFeatures, model.LogitScale);

    /// <summary>The ablation: trained on the same noised images, but not told how noisy they are.</summary>
    public static JudgeNetwork Plain(ClipModel model) => new(model, ids_BL => model.TextFeatures(ids_BL), (images_BCHW, _) => model.ImageFeatures(images_BCHW), model.LogitScale);
}
