using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Spo;

/// <summary>Passes everything on and keeps what went through.</summary>
sealed class RecordingPreference(IPreferenceModel inner) : IPreferenceModel
{
    List<Call> calls = [];

    public sealed record Call(Tensor Images, Tensor Timesteps, Tensor Scores);

    public IPromptTokenizer Tokenizer => inner.Tokenizer;

    public ScalarType ScalarType => inner.ScalarType;

    public Device Device => inner.Device;

    public bool IsStepAware => inner.IsStepAware;

    public Tensor EncodeText(Tensor inputIds_BL) => inner.EncodeText(inputIds_BL);

    public Tensor Score(Tensor images_BCHW, Tensor textFeatures_BD, Tensor timesteps_B)
    {
        var scores = inner.Score(images_BCHW, textFeatures_BD, timesteps_B);
        calls.Add(new Call(Keep(images_BCHW), Keep(timesteps_B), Keep(scores)));
        return scores;
    }

    public IReadOnlyList<Call> TakeCalls()
    {
        var taken = calls;
        calls = [];
        return taken;
    }

    public void Dispose() => inner.Dispose();

    static Tensor Keep(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
}
