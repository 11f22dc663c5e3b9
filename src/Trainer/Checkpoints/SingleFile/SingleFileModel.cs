using System.Text.Json;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Checkpoints.SingleFile;

/// <summary>
/// An SD 1.x or SDXL checkpoint in one file, under the original code's names. Configurations are worked out from the tensors' shapes;
/// the tokenizer is CLIP's own. Averaged weights (<c>model_ema.</c>) are left aside, as diffusers does.
/// </summary>
public sealed class SingleFileModel : IModelSource
{
    internal const string UNetPrefix = "model.diffusion_model.", VaePrefix = "first_stage_model.", XlSecondPrefix = "conditioner.embedders.1.model.";
    internal const string Sd2TextPrefix = "cond_stage_model.model.", RefinerPrefix = "conditioner.embedders.0.model.";
    const string SdTextPrefix = "cond_stage_model.transformer.", XlTextPrefix = "conditioner.embedders.0.transformer.";

    /// <summary>Beside the weights: buffers of the noise schedule, averaged weights, marks of v-prediction.</summary>
    static readonly string[] Ignorable =
    [
        "model_ema.", "betas", "alphas_cumprod", "sqrt_", "log_one_minus_alphas_cumprod", "posterior_", "logvar", "denoiser.", "cond_stage_model.logit_scale",
        "cond_stage_model.text_projection", VPrediction, ZeroSnr, "edm_mean", "edm_std",
    ];

    const string VPrediction = "v_pred", ZeroSnr = "ztsnr";

    readonly IReadOnlyDictionary<string, string> prefixes;
    readonly HashSet<string> marks;

    SingleFileModel(string path, IReadOnlyCollection<string> keys)
    {
        Path = path;
        IsXl = keys.Any(k => k.StartsWith(XlSecondPrefix, StringComparison.Ordinal));
        prefixes = Prefixes(IsXl);
        marks = [.. keys.Where(k => k is VPrediction or ZeroSnr)];
        Present = [.. prefixes.Where(p => keys.Any(k => k.StartsWith(p.Value, StringComparison.Ordinal))).Select(p => p.Key)];
    }

    public string Path { get; }

    public bool IsXl { get; }

    public bool ZerosForEmptyPrompt => true;

    /// <summary>Components whose weights are in the file.</summary>
    public IReadOnlyList<string> Present { get; }

    public IReadOnlyList<string> NeededComponents => [.. prefixes.Keys];

    /// <summary>Whether a file's names are those of the original layout.</summary>
    public static bool Recognises(ITensorSource source) => source.Tensors.Keys.Any(k => k.StartsWith(UNetPrefix, StringComparison.Ordinal));

    /// <summary>Opens a file.</summary>
    /// <exception cref="CheckpointException">It is malformed, in another layout, of another model, or holds names that no such model has.</exception>
    public static SingleFileModel Open(string path)
    {
        using var source = CheckpointFile.Open(path);
        if (!Recognises(source))
            throw new CheckpointException($"'{path}' is no single-file checkpoint of SD 1.x or SDXL: it has no tensor '{UNetPrefix}...'. "
                + "For weights of one component, give the diffusers folder that holds it.");
        var keys = source.Tensors.Keys.ToList();
        RefuseOtherModels(path, keys);
        var model = new SingleFileModel(path, keys);
        var unknown = keys.Where(k => !model.prefixes.Values.Concat(Ignorable).Any(p => k.StartsWith(p, StringComparison.Ordinal))).Order(StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
            throw new CheckpointException($"'{path}' holds {unknown.Count} tensors that are not of an {(model.IsXl ? "SDXL" : "SD 1.x")} checkpoint: {string.Join(", ", unknown.Take(20))}{(unknown.Count > 20 ? " and more" : "")}.");
        return model;
    }

    public JsonElement ReadConfig(string component)
    {
        if (component == "scheduler") return InferredConfigs.Scheduler(IsXl, marks.Contains(VPrediction), marks.Contains(ZeroSnr));
        using var weights = Weights(component);
        return component switch
        {
            "unet" => InferredUNetConfig.Of(weights),
            "vae" => InferredConfigs.Vae(weights, IsXl),
            _ => InferredConfigs.TextEncoder(weights, isOpenClip: component == "text_encoder_2"),
        };
    }

    public ITensorSource Weights(string component)
    {
        Require([component]);
        var part = MappedTensorSource.Below(CheckpointFile.Open(Path), prefixes[component]);
        return component switch
        {
            "unet" => OriginalUNetNames.AsDiffusers(part),
            "vae" => OriginalVaeNames.AsDiffusers(part),
            "text_encoder_2" => WithoutLogitScale(OpenClipWeights.AsTransformers(part)),
            _ => TextEncoderNames.Modernise(part),
        };
    }

    public ClipTokenizer Tokenizer(string component) => new(BytePairVocabulary.Standard, component == "tokenizer_2"
        ? new ClipTokenizerOptions { PadToken = "!" }
        : new ClipTokenizerOptions());

    public void Require(IEnumerable<string>? components = null)
    {
        var missing = (components ?? NeededComponents).Where(c => prefixes.ContainsKey(c) && !Present.Contains(c)).ToList();
        if (missing.Count > 0)
            throw new CheckpointException($"'{Path}' is incomplete: {string.Join(", ", missing.Select(c => $"{c} ({prefixes[c]}...)"))} missing. "
                + "Give a checkpoint that holds them, or for a missing vae the setting model.vae.");
    }

    static Dictionary<string, string> Prefixes(bool isXl) => isXl
        ? new(StringComparer.Ordinal) { ["unet"] = UNetPrefix, ["vae"] = VaePrefix, ["text_encoder"] = XlTextPrefix, ["text_encoder_2"] = XlSecondPrefix }
        : new(StringComparer.Ordinal) { ["unet"] = UNetPrefix, ["vae"] = VaePrefix, ["text_encoder"] = SdTextPrefix };

    static void RefuseOtherModels(string path, List<string> keys)
    {
        foreach (var (prefix, model) in ((string, string)[])[(Sd2TextPrefix, "SD 2.x (such files do not say whether they predict epsilon or v)"), (RefinerPrefix, "the SDXL refiner")])
            if (keys.Any(k => k.StartsWith(prefix, StringComparison.Ordinal)))
                throw new CheckpointException($"'{path}' is a single-file checkpoint of {model}; supported: SD 1.x and SDXL base. Convert it to a diffusers folder.");
    }

    static MappedTensorSource WithoutLogitScale(ITensorSource source) =>
        new(source, source.Tensors.Keys.Where(k => k != "logit_scale").ToDictionary(k => k, k => new MappedTensor(k), StringComparer.Ordinal));
}
