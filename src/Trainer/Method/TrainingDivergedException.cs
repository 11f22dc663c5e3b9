using System.Globalization;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Method;

/// <summary>A loss or gradient of training is not finite.</summary>
public sealed class TrainingDivergedException : DivergedException
{
    TrainingDivergedException(string message, Exception? inner) : base(message, inner) { }

    /// <param name="round">Round, from 0.</param>
    /// <param name="minibatch">Minibatch of the round, from 0.</param>
    /// <param name="cause">What is not finite.</param>
    /// <param name="learningRate">The rate now.</param>
    /// <param name="inner">What found it.</param>
    public static TrainingDivergedException At(int round, int minibatch, string cause, double learningRate, Exception? inner = null) => new(
        string.Create(CultureInfo.InvariantCulture,
            $"training diverged in round {round + 1}, minibatch {minibatch + 1}: {cause}. Resuming repeats it; a run with other settings can begin from the last commit: spo run CONFIG ") +
        string.Create(CultureInfo.InvariantCulture, $"--resume --branch NAME --set optimizer.learning_rate={learningRate / 2:g3} (now {learningRate:g3})"),
        inner);
}
