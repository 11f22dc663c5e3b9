using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>Makes the judge that a configuration names. A new kind is a line here.</summary>
public static class JudgeLoader
{
    /// <param name="judge">A validated section, its paths absolute.</param>
    /// <param name="device">Where it computes; META checks the files without reading their data.</param>
    /// <exception cref="CheckpointException">A file is missing or doesn't fit.</exception>
    /// <exception cref="JudgeException">A member or a remote judge cannot be used.</exception>
    public static IJudge Load(JudgeSpecification judge, Device device)
    {
        try
        {
            var loaded = OfKind(judge, device);
            return judge.Scale is { } scale ? new ScaledJudge(loaded, scale) : loaded;
        }
        catch (Exception e) when (e is TokenizerException or InvalidDataException)
        {
            throw new CheckpointException(e.Message, e);
        }
    }

    static IJudge OfKind(JudgeSpecification judge, Device device) => judge.Kind switch
    {
        JudgeKind.Spm or JudgeKind.Clip or JudgeKind.Pickscore => ClipJudgeLoading.Load(judge, device),
        _ => throw new NotSupportedException($"no judge of the kind {judge.Kind}"),
    };
}
