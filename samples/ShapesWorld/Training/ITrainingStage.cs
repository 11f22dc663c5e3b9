using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>
/// One model's training. A step is a pure function of its number and of <see cref="State"/> and <see cref="Optimizer"/>: everything random
/// in it is drawn by that number, so a stage that is killed and resumed ends with the same weights.
/// </summary>
public interface ITrainingStage : IDisposable
{
    int Steps { get; }

    AdamW Optimizer { get; }

    /// <summary>The live tensors that training changes, beside the optimizer's, by unique names.</summary>
    IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>Learning rate of a step.</summary>
    double LearningRate(int step);

    /// <summary>Loss and gradients of a step; the runner updates the weights.</summary>
    double ComputeGradients(int step);

    /// <summary>What follows the optimizer's update, such as a moving average.</summary>
    void AfterUpdate(int step) { }

    /// <summary>Writes the finished model in the layout of diffusers or transformers.</summary>
    /// <returns>Figures to keep with it.</returns>
    IReadOnlyDictionary<string, double> Export(string folder);
}
