using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Judges.ImageReward;
using SpoActors.Trainer.Judges.Remote;
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
    public static IJudge Load(JudgeSettings judge, Device device)
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

    static IReadOnlyList<IJudge> Members(JudgeSettings judge, Device device)
    {
        var members = new List<IJudge>();
        try
        {
            foreach (var section in judge.Members) members.Add(Load(section, device));
            if (members.Find(m => m.Input != members[0].Input) is { } other)
                throw new JudgeException($"The judge '{members[0].Name}' looks at {Describe(members[0].Input)} and '{other.Name}' at {Describe(other.Input)}; the members of a {JudgeNames.Of(judge.Kind)} must look at the same.");
            return members;
        }
        catch
        {
            members.ForEach(m => m.Dispose());
            throw;
        }
    }

    static string Describe(JudgeInput input) => input == JudgeInput.Images ? "images" : "latents";

    static IJudge OfKind(JudgeSettings judge, Device device) => judge.Kind switch
    {
        JudgeKind.Spm or JudgeKind.Clip or JudgeKind.Pickscore => ClipJudgeLoading.Load(judge, device),
        JudgeKind.Hpsv2 or JudgeKind.Hpsv2_1 or JudgeKind.Clipscore => PictureClipLoading.Load(judge, device),
        JudgeKind.ImageReward => ImageRewardLoading.Load(judge, device),
        JudgeKind.Aesthetic => AestheticLoading.Load(judge, device),
        JudgeKind.Sum => new SumJudge([.. Members(judge, device).Zip(judge.Members, (member, section) => new WeightedJudge(member, section.Weight))]),
        JudgeKind.Vote => new VoteJudge(Members(judge, device), judge.BatchSize),
        JudgeKind.Remote => new RemoteJudge(judge, device),
        _ => throw new NotSupportedException($"no judge of the kind {judge.Kind}"),
    };
}
