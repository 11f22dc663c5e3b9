using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Runs;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>The models that the peer's <c>--export</c> wrote, loaded as the product loads a model.</summary>
sealed class PeerModels : IDisposable
{
    public PeerModels(string folder, RunSpecification run, int prompts, TimeProvider time)
    {
        Prompts = PeerFolder.Complete(folder, prompts);
        Model = DiffusionModel.Load(run.Model with { Path = folder });
        // The reference scores in float32 whatever the training type.
        Judge = new TimedJudge(JudgeLoader.Load(run.Judge with { Path = Path.Combine(folder, "spm") }, CPU), time);
        Adapter = LoraAdapter.Attach(Model.UNet, LoraWeights.Read(Path.Combine(folder, "lora", RunStore.AdapterFile), Model.UNet));
    }

    public IReadOnlyList<string> Prompts { get; }

    public DiffusionModel Model { get; }

    public TimedJudge Judge { get; }

    public LoraAdapter Adapter { get; }

    public IReadOnlyDictionary<string, long> ParameterCounts() => new Dictionary<string, long>
    {
        ["unet"] = Count(Model.UNet.parameters()),
        ["vae"] = Count(Model.Decoder.Vae.parameters()),
        ["lora"] = Count(Adapter.Parameters),
    };

    public void Dispose()
    {
        Adapter.Dispose();
        Judge.Dispose();
        Model.Dispose();
    }

    static long Count(IEnumerable<Tensor> parameters) => parameters.Sum(p => p.numel());
}
