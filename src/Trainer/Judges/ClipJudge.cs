using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// What preference models on CLIP have in common: exp(logit_scale) times the cosine of image and text features; they differ in the image
/// features. The towers compute in their own type, everything after their projections in float32. Runs without gradients: a model is
/// trained through its network.
/// </summary>
/// <param name="name">What to call it in errors.</param>
/// <param name="network">Owned.</param>
/// <param name="preprocessing">From decoded images to the vision tower's pixels.</param>
/// <param name="tokenizer">Of the text tower.</param>
/// <remarks>Shape letters: B images, P prompts, C channels, H and W rows and columns, L text tokens, D projection width.</remarks>
public abstract class ClipJudge(string name, nn.Module network, IImagePreprocessing preprocessing, IPromptTokenizer tokenizer) : IJudge
{
    public string Name => name;

    public JudgeInput Input => JudgeInput.Images;

    public abstract bool KnowsTimestep { get; }

    public IImagePreprocessing Preprocessing => preprocessing;

    public IPromptTokenizer Tokenizer => tokenizer;

    public Device Device => LogitScale.device;

    /// <summary>1 where the scores are the logits that the model was trained with.</summary>
    public virtual double Scale => 1;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts)
    {
        using var scope = NewDisposeScope();
        // One prompt at a time: in a batch the last bits of its features would depend on its neighbours.
        return new PromptTensors(cat([.. prompts.Select(p => NormalisedText(tokenizer.EncodeBatch([Worded(p)])))]));
    }

    /// <summary>Prompts that come as token ids, encoded in one batch.</summary>
    /// <param name="inputIds_PL">int64, [P, L]; any device.</param>
    public IPreparedPrompts PrepareTokens(Tensor inputIds_PL)
    {
        using var scope = NewDisposeScope();
        return new PromptTensors(NormalisedText(inputIds_PL));
    }

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var pixels_BCHW = preprocessing.ForScoring(inputs_BCHW.to(Device)).to_type(TowerType);
        var image_BD = ImageFeatures(pixels_BCHW, timesteps_B).to_type(ScalarType.Float32);
        return RowScores(image_BD, ((PromptTensors)prompts)[0]).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        network.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Log of the factor between cosine and score, a scalar.</summary>
    protected abstract Tensor LogitScale { get; }

    /// <summary>Type in which the towers compute.</summary>
    protected abstract ScalarType TowerType { get; }

    /// <summary>Projected text features [P, D], not normalised.</summary>
    protected abstract Tensor TextFeatures(Tensor inputIds_PL);

    /// <summary>Projected image features [B, D], not normalised.</summary>
    protected abstract Tensor ImageFeatures(Tensor pixels_BCHW, Tensor timesteps_B);

    /// <summary>A prompt as the text tower is given it.</summary>
    protected virtual string Worded(string prompt) => prompt;

    /// <summary>Float32 features divided by their norm.</summary>
    protected virtual Tensor Normalize(Tensor features_ND) => ClipFeatures.Normalize(features_ND);

    /// <summary>Scores [B] of float32 image features and of the normalised texts of their rows.</summary>
    protected virtual Tensor RowScores(Tensor image_BD, Tensor text_BD) => ClipFeatures.RowScores(LogitScale.to_type(ScalarType.Float32), image_BD, text_BD);

    Tensor NormalisedText(Tensor inputIds_PL)
    {
        using var noGradient = no_grad();
        return Normalize(TextFeatures(inputIds_PL.to(Device)).to_type(ScalarType.Float32));
    }
}
