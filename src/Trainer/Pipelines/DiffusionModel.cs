using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>
/// A Stable Diffusion 1.x, 2.x or XL model on one device: UNet, text encoders, noise schedule, and, once it is asked for, the
/// autoencoder. Everything is frozen. Belongs to one thread.
/// </summary>
public sealed class DiffusionModel : IDisposable
{
    readonly TextEncoders textEncoders;
    readonly VaeConfig vaeConfig;
    readonly Lazy<LatentDecoder> decoder;

    DiffusionModel(ModelSpecification specification, IModelSource source, Device device)
    {
        (Specification, Device, Dtype) = (specification, device, specification.Dtype.ToScalarType());
        vaeConfig = LatentDecoderLoading.Config(specification, source);
        Schedule = NoiseSchedule.Create(source.Config("scheduler", SchedulerConfig.Parse));
        var unet = source.Config("unet", UNetConfig.Parse);
        var encoders = CheckFit(source, unet);
        UNet = LoadWeights(source, "unet", new UNet2DCondition(unet, META, Dtype));
        UNet.Attention = specification.Attention;
        UNet.GradientCheckpointing = specification.GradientCheckpointing;
        textEncoders = LoadTextEncoders(source, encoders);
        Prompts = new PromptEncoder(textEncoders, SizeConditioning.Of(DefaultSide, DefaultSide), Dtype, source.ZerosForEmptyPrompt);
        decoder = new Lazy<LatentDecoder>(() => LatentDecoderLoading.Load(specification), LazyThreadSafetyMode.None);
    }

    public ModelSpecification Specification { get; }

    public Device Device { get; }

    /// <summary>Type of the UNet and the text encoders.</summary>
    public ScalarType Dtype { get; }

    public UNet2DCondition UNet { get; }

    /// <summary>Encodes prompts for images of the model's own size; <see cref="PromptsFor"/> for others.</summary>
    public PromptEncoder Prompts { get; }

    public NoiseSchedule Schedule { get; }

    /// <summary>Loaded when first asked for: a process that only samples or trains needs no autoencoder.</summary>
    public LatentDecoder Decoder => decoder.Value;

    /// <summary>Side in pixels of the square images that the model was trained on.</summary>
    public int DefaultSide => (UNet.Config.SampleSize ?? DefaultLatentSide) * vaeConfig.Downscaling;

    /// <summary>Parameters of the UNet and the text encoders.</summary>
    internal long ParameterCount { get; private set; }

    const int DefaultLatentSide = 64;

    /// <summary>Loads a model.</summary>
    /// <exception cref="CheckpointException">Files are missing or do not fit.</exception>
    /// <exception cref="DeviceException">The device does not exist.</exception>
    public static DiffusionModel Load(ModelSpecification specification) => Load(specification, TorchNames.ParseDevice(specification.Device));

    /// <summary>On another device than the specification's; on META nothing but keys and shapes is read.</summary>
    internal static DiffusionModel Load(ModelSpecification specification, Device device) => new(specification, Open(specification), device);

    /// <summary>A model's noise schedule alone.</summary>
    /// <exception cref="CheckpointException">The model cannot be used.</exception>
    public static NoiseSchedule LoadSchedule(ModelSpecification specification) => NoiseSchedule.Create(Open(specification).Config("scheduler", SchedulerConfig.Parse));

    /// <summary>The model's files, none of which is missing.</summary>
    internal static IModelSource Open(ModelSpecification specification)
    {
        // Files of half the size, where the weights end up in that type anyway.
        var source = ModelSource.Open(specification.Path, specification.Dtype == NumberType.Float16 ? "fp16" : null);
        source.Require(source.NeededComponents.Where(c => c != "vae" || specification.Vae is null));
        return source;
    }

    /// <summary>Shape of the latents of images of the given size, by default the model's own.</summary>
    /// <exception cref="ArgumentException">A side is no multiple of the autoencoder's downscaling.</exception>
    public LatentSize LatentSize(int? height, int? width)
    {
        int h = height ?? DefaultSide, w = width ?? DefaultSide, unit = vaeConfig.Downscaling;
        if (h <= 0 || w <= 0 || h % unit != 0 || w % unit != 0)
            throw new ArgumentException($"the image size is {h} x {w} (height x width); both must be positive multiples of {unit}");
        return new LatentSize(UNet.Config.InChannels, h / unit, w / unit);
    }

    /// <inheritdoc cref="LatentSize(int?, int?)"/>
    public LatentSize LatentSize(SamplingSpecification sampling) => LatentSize(sampling.Height, sampling.Width);

    /// <summary>Encodes prompts for images of a sampling setting's size.</summary>
    public PromptEncoder PromptsFor(SamplingSpecification sampling) =>
        Prompts.ForImages(SizeConditioning.Of(sampling.Height ?? DefaultSide, sampling.Width ?? DefaultSide));

    public void Dispose()
    {
        UNet.Dispose();
        textEncoders.Dispose();
        if (decoder.IsValueCreated) decoder.Value.Dispose();
    }

    // Before any weights are read: a misfit would be noticed after the largest of them.
    IReadOnlyList<(ClipTextConfig Config, ClipTokenizer Tokenizer)> CheckFit(IModelSource source, UNetConfig unet)
    {
        var encoders = ((string[])["", "_2"])[..(source.IsXl ? 2 : 1)]
            .Select(n => (Config: source.Config($"text_encoder{n}", ClipTextConfig.Parse), Tokenizer: source.Tokenizer($"tokenizer{n}"))).ToList();
        var fit = new ComponentFit(source.Path).Latents(unet, vaeConfig).Texts(unet, [.. encoders.Select(e => e.Config)]).Tokens("text_encoder", encoders[0].Config, "tokenizer", encoders[0].Tokenizer);
        if (source.IsXl) fit.Tokens("text_encoder_2", encoders[1].Config, "tokenizer_2", encoders[1].Tokenizer);
        fit.ThrowIfNot();
        return encoders;
    }

    TextEncoders LoadTextEncoders(IModelSource source, IReadOnlyList<(ClipTextConfig Config, ClipTokenizer Tokenizer)> encoders)
    {
        var (config, tokenizer) = encoders[0];
        var encoder = LoadWeights(source, "text_encoder", new ClipTextModel(config, META, Dtype), TextEncoderLayers.Beyond(config));
        if (encoders is not [_, var (secondConfig, secondTokenizer)]) return new TextEncoders(tokenizer, encoder, Device);
        return new TextEncoders(tokenizer, encoder, secondTokenizer,
            LoadWeights(source, "text_encoder_2", new ClipTextModelWithProjection(secondConfig, META, Dtype), TextEncoderLayers.Beyond(secondConfig)), Device);
    }

    T LoadWeights<T>(IModelSource source, string component, T model, Func<string, bool>? leftOut = null) where T : nn.Module
    {
        ParameterCount += model.parameters().Sum(p => p.numel());
        using var weights = source.Weights(component);
        var options = new LoadOptions { Dtype = Dtype, Device = Device };
        return ModuleLoading.Load(model, weights, leftOut is null ? options : options with { Ignorable = key => options.Ignorable(key) || leftOut(key) });
    }
}
