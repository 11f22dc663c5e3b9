using SpoActors.ShapesWorld.Training;
using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>A judge by its name in the model's folder.</summary>
public sealed record Judge(string Name, IJudge Model) : IDisposable
{
    /// <summary>The judges that a model's folder holds: the step-aware one, the one without step conditioning if it was trained, and PickScore.</summary>
    public static IReadOnlyList<Judge> LoadAll(string model) =>
    [
        .. new[] { (ChainStages.Spm, JudgeKind.Spm), (ChainStages.PlainSpm, JudgeKind.Clip), (ChainStages.PickScore, JudgeKind.Clip) }
            .Where(j => j.Item1 != ChainStages.PlainSpm || Directory.Exists(Path.Combine(model, j.Item1)))
            .Select(j => new Judge(j.Item1, JudgeLoader.Load(new JudgeSpecification { Kind = j.Item2, Path = Path.Combine(model, j.Item1) }, CPU))),
    ];

    /// <summary>Scores of images that show what the base model made of them at a timestep.</summary>
    public float[] Score(IReadOnlyList<string> captions, Tensor images_BCHW, Tensor timesteps_B)
    {
        using var scope = NewDisposeScope();
        using var prompts = Model.Prepare(captions);
        return Model.Score(images_BCHW, prompts, timesteps_B).cpu().contiguous().data<float>().ToArray();
    }

    public void Dispose() => Model.Dispose();
}
