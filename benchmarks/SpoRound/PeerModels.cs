using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>The models that the peer's <c>--export</c> wrote: random weights, no tokenizer, prompts as token ids.</summary>
sealed class PeerModels : IDisposable
{
    readonly ClipTextModel text;
    readonly Tensor ids_BL, negativeIds_1L, judgeIds_BL;

    public PeerModels(string folder, NumberType type, int prompts)
    {
        var dtype = type.ToScalarType();
        Schedule = NoiseSchedule.Create(SchedulerConfig.Load(Path.Combine(folder, "scheduler", "scheduler_config.json")));
        UNet = Load(new UNet2DCondition(UNetConfig.Load(Config("unet")), META, dtype), "unet/diffusion_pytorch_model.safetensors", dtype);
        var vae = Load(new AutoencoderKl(VaeConfig.Load(Config("vae")), META, dtype), "vae/diffusion_pytorch_model.safetensors", dtype);
        Decoder = new LatentDecoder(vae, dtype, CPU);
        text = Load(new ClipTextModel(ClipTextConfig.Load(Config("text_encoder")), META, dtype), "text_encoder/model.safetensors", dtype);
        using var spm = SafetensorsFile.Open(Path.Combine(folder, "spm", "model.safetensors"));
        // The reference scores in float32 whatever the training type.
        Judge = ClipJudgeLoading.Load(spm, Path.Combine(folder, "spm"), JudgeKind.Spm, CPU, ScalarType.Float32, new NoTokenizer());
        Adapter = LoraAdapter.Attach(UNet, LoraWeights.Read(Path.Combine(folder, "lora", RunStore.AdapterFile), UNet));
        using var stored = SafetensorsFile.Open(Path.Combine(folder, "prompt_ids.safetensors"));
        if (stored.Tensors["input_ids"].Shape[0] < prompts)
            throw new CheckpointException($"'{folder}' was exported for {stored.Tensors["input_ids"].Shape[0]} prompts; export with --prompts {prompts}.");
        (ids_BL, negativeIds_1L, judgeIds_BL) = (Ids("input_ids")[..prompts], Ids("negative_ids"), Ids("spm_input_ids")[..prompts]);

        string Config(string component) => Path.Combine(folder, component, "config.json");
        Tensor Ids(string name) => stored.Load(name).clone();
        T Load<T>(T model, string file, ScalarType wanted) where T : nn.Module
        {
            using var source = SafetensorsFile.Open(Path.Combine(folder, file));
            return ModuleLoading.Load(model, source, new LoadOptions { Dtype = wanted });
        }
    }

    public UNet2DCondition UNet { get; }

    public LatentDecoder Decoder { get; }

    public ClipJudge Judge { get; }

    public LoraAdapter Adapter { get; }

    public NoiseSchedule Schedule { get; }

    /// <summary>Text states of prompts and of the empty prompt, one prompt a row.</summary>
    public (Tensor Prompts_BLD, Tensor Negative_1LD) Encode()
    {
        using var noGradient = no_grad();
        return (text.forward(ids_BL).LastHiddenState_BLD, text.forward(negativeIds_1L).LastHiddenState_BLD);
    }

    public IPreparedPrompts JudgePrompts() => Judge.PrepareTokens(judgeIds_BL);

    public IReadOnlyDictionary<string, long> ParameterCounts() => new Dictionary<string, long>
    {
        ["unet"] = Count(UNet.parameters()),
        ["vae"] = Count(Decoder.Vae.parameters()),
        ["text_encoder"] = Count(text.parameters()),
        ["lora"] = Count(Adapter.Parameters),
    };

    public void Dispose()
    {
        Adapter.Dispose();
        Judge.Dispose();
        Decoder.Dispose();
        text.Dispose();
        UNet.Dispose();
    }

    static long Count(IEnumerable<Tensor> parameters) => parameters.Sum(p => p.numel());

    sealed class NoTokenizer : IPromptTokenizer
    {
        public int MaxLength => 77;

        public long[] Encode(string prompt) => throw new NotSupportedException("the exported models come with token ids");
    }
}
