using SpoActors.ShapesWorld.Training;
using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>A preference model by its name in the model's folder.</summary>
public sealed record Judge(string Name, IPreferenceModel Model) : IDisposable
{
    /// <summary>The judges that a model's folder holds: the step-aware one, the one without step conditioning if it was trained, and PickScore.</summary>
    public static IReadOnlyList<Judge> LoadAll(string model) =>
    [
        .. new[] { (TrainingChain.Spm, true), (TrainingChain.PlainSpm, false), (TrainingChain.PickScore, false) }
            .Where(j => j.Item1 != TrainingChain.PlainSpm || Directory.Exists(Path.Combine(model, j.Item1)))
            .Select(j => new Judge(j.Item1, PreferenceModelLoader.Load(
                new PreferenceSpecification { Path = Path.Combine(model, j.Item1), StepAware = j.Item2 }, CPU, ScalarType.Float32))),
    ];

    /// <summary>Scores of images that show what the base model made of them at a timestep.</summary>
    public float[] Score(IReadOnlyList<string> captions, Tensor images_BCHW, Tensor timesteps_B)
    {
        using var scope = NewDisposeScope();
        var text_BD = Model.EncodeText(Model.Tokenizer.EncodeBatch(captions));
        return Model.Score(images_BCHW, text_BD, timesteps_B).to_type(ScalarType.Float32).contiguous().data<float>().ToArray();
    }

    public void Dispose() => Model.Dispose();
}
