namespace SpoActors.Specification.Validation;

/// <summary>Checks the section of a judge, its members included.</summary>
static class JudgeValidator
{
    /// <param name="judge">The section.</param>
    /// <param name="key">Its path, such as <c>judge</c>.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="found">Problems go here.</param>
    /// <param name="files">Whether the paths must exist on this machine.</param>
    public static void Check(JudgeSettings judge, string key, string device, Findings found, bool files)
    {
        found.Range($"{key}.batch_size", judge.BatchSize, 1, int.MaxValue, "Images decoded and scored together.");
        if (judge.Scale is { } scale) found.Real($"{key}.scale", scale, double.Epsilon, 1e6, "above 0, or null", "null takes the judge's own.");
        if (device == "cpu" && judge.Dtype == NumberType.Float16)
            found.Add($"{key}.dtype", "float16 on cpu", "float32 or bfloat16", "libtorch has no usable float16 on the CPU; use bfloat16.");
        switch (judge.Kind)
        {
            case JudgeKind.Remote:
                CheckRemote(judge, key, found, files);
                Unused(judge, key, found, path: true, members: true);
                break;
            case JudgeKind.Sum or JudgeKind.Vote:
                CheckMembers(judge, key, device, found, files);
                Unused(judge, key, found, path: true, remote: true);
                break;
            default:
                CheckCheckpoint(judge, key, found, files);
                Unused(judge, key, found, members: true, remote: true);
                break;
        }
    }

    static void CheckCheckpoint(JudgeSettings judge, string key, Findings found, bool files)
    {
        found.Path($"{key}.path", judge.Path, files, judge.Kind == JudgeKind.Aesthetic ? "the aesthetic head's file" : "the judge's folder or checkpoint file");
        if (judge.Processor is { } processor) found.Path($"{key}.processor", processor, files, "a folder with what the checkpoint lacks, or null");
        else if (judge.Kind == JudgeKind.Aesthetic) found.Path($"{key}.processor", "", files, "the folder of the CLIP ViT-L/14 whose image embedding the head reads");
    }

    static void CheckMembers(JudgeSettings judge, string key, string device, Findings found, bool files)
    {
        if (judge.Members.Count < 2)
            found.Add($"{key}.members", $"{judge.Members.Count} of them", $"two or more for a {Name(judge.Kind)}", "List them as sections with kind and path.");
        for (var i = 0; i < judge.Members.Count; i++)
        {
            var (member, at) = (judge.Members[i], $"{key}.members[{i}]");
            Check(member, at, device, found, files);
            if (member.BatchSize != new JudgeSpecification().BatchSize) NotUsed(found, $"{at}.batch_size", member.BatchSize, "a member", "It is the whole judge's: set it there.");
            if (!double.IsFinite(member.Weight) || member.Weight == 0) found.Add($"{at}.weight", member.Weight, "a number other than 0", "Leave a member out to give it no weight.");
            else if (judge.Kind == JudgeKind.Vote && member.Weight != 1) NotUsed(found, $"{at}.weight", member.Weight, "a vote", "Each member has one vote; a sum has weights.");
        }
    }

    static void CheckRemote(JudgeSettings judge, string key, Findings found, bool files)
    {
        if (judge.Url is not { Length: > 0 } url) found.Add($"{key}.url", "", "the address of the judge", "Name it in the configuration or with --set.");
        else if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Query.Length > 0)
            found.Add($"{key}.url", url, "http:// or https://, host and port", "A path may follow, but no query.");
        else if (address.UserInfo.Length > 0) found.Add($"{key}.url", "a password in the address", "an address without one", "Put the token into a file and name it in token_file.");
        if (judge.TokenFile is { } token) found.Path($"{key}.token_file", token, files, "a file with the token, or null");
        found.Real($"{key}.timeout_seconds", judge.TimeoutSeconds, 0.001, 86_400, "above 0, up to a day", "Longer than the judge takes for a batch.");
    }

    // What is given and not used would be taken for an effect that it doesn't have.
    static void Unused(JudgeSettings judge, string key, Findings found, bool path = false, bool members = false, bool remote = false)
    {
        var (kind, byDefault) = ($"the kind {Name(judge.Kind)}", new JudgeSpecification());
        if (path)
        {
            const string fix = "Remove it, or take a kind that reads a checkpoint.";
            if (judge.Path.Length > 0) NotUsed(found, $"{key}.path", judge.Path, kind, fix);
            if (judge.Processor is not null) NotUsed(found, $"{key}.processor", judge.Processor, kind, fix);
            if (judge.Dtype != byDefault.Dtype) NotUsed(found, $"{key}.dtype", Spelling.Key(judge.Dtype.ToString()), kind, fix);
        }
        if (members && judge.Members.Count > 0) NotUsed(found, $"{key}.members", $"{judge.Members.Count} of them", kind, "Only sum and vote have members.");
        if (!remote) return;
        if (judge.Url is not null) NotUsed(found, $"{key}.url", judge.Url, kind, "Remove it, or set kind: remote.");
        if (judge.TokenFile is not null) NotUsed(found, $"{key}.token_file", judge.TokenFile, kind, "Remove it, or set kind: remote.");
        if (judge.TimeoutSeconds != byDefault.TimeoutSeconds) NotUsed(found, $"{key}.timeout_seconds", judge.TimeoutSeconds, kind, "Remove it, or set kind: remote.");
    }

    static void NotUsed(Findings found, string key, object value, string by, string fix) => found.Add(key, value, $"its default, since {by} does not use it", fix);

    static string Name(JudgeKind kind) => Spelling.Key(kind.ToString());
}
