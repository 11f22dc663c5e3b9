using SpoActors.ShapesWorld.Tokenizer;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>Trains text and vision tower contrastively (arXiv 2103.00020). Pairs of a batch with the same caption all count as matches.</summary>
public sealed class ClipStage : ITrainingStage
{
    const int BatchSize = 96;
    const double PeakRate = 1.5e-3, EmbeddingDeviation = 0.02, LargestLogitScale = 4.6052;

    readonly ShapesDataset data;
    readonly IPromptTokenizer tokenizer;
    readonly ClipModel clip;

    public ClipStage(ShapesDataset data, IPromptTokenizer tokenizer, int steps)
    {
        (this.data, this.tokenizer, Steps) = (data, tokenizer, steps);
        manual_seed((long)new SceneRandom(data.Seed, WorldDraw.Weights, 1).NextSeed());
        clip = new ClipModel(Config);
        InitialiseEmbeddings();
        Optimizer = TrainableModule.Optimizer(clip, weightDecay: 0.05);
        State = TrainableModule.Tensors(clip);
    }

    public static ClipConfig Config { get; } = new(
        new ClipTextConfig
        {
            VocabSize = TokenizerFiles.VocabularySize,
            HiddenSize = 128,
            IntermediateSize = 512,
            NumHiddenLayers = 3,
            NumAttentionHeads = 4,
            MaxPositionEmbeddings = TokenizerFiles.MaxLength,
            ProjectionDim = 128,
            EosTokenId = TokenizerFiles.VocabularySize - 1,
        },
        new ClipVisionConfig
        {
            HiddenSize = 128,
            IntermediateSize = 384,
            NumHiddenLayers = 4,
            NumAttentionHeads = 4,
            ImageSize = Scene.Size,
            PatchSize = 8,
            ProjectionDim = 128,
        })
    { ProjectionDim = 128 };

    public int Steps { get; }

    public SpoActors.Trainer.Optimization.AdamW Optimizer { get; }

    public IReadOnlyDictionary<string, Tensor> State { get; }

    public double LearningRate(int step) => LearningRates.OneCycle(step, Steps, PeakRate);

    public double ComputeGradients(int step)
    {
        var (images_BCHW, captions) = Batch(step);
        var logits_BB = Logits(images_BCHW, captions);
        var target_BB = Matches(captions);
        var loss = -((target_BB * logits_BB.log_softmax(1)).sum() + (target_BB * logits_BB.log_softmax(0)).sum()) / (2.0 * captions.Count);
        loss.backward();
        return loss.item<float>();
    }

    public void AfterUpdate(int step)
    {
        using var noGradient = no_grad();
        clip.LogitScale.clamp_(0, LargestLogitScale);
    }

    public IReadOnlyDictionary<string, double> Export(string folder)
    {
        clip.eval();
        ClipFolders.WriteDual(Path.Combine(folder, "clip"), Config, State);
        ClipFolders.WriteTextEncoder(Path.Combine(folder, "text_encoder"), Config.Text, State);
        return new Dictionary<string, double> { ["batch_accuracy"] = BatchAccuracy(), ["logit_scale"] = clip.LogitScale.exp().item<float>() };
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        clip.Dispose();
    }

    Tensor Logits(Tensor images_BCHW, IReadOnlyList<string> captions) =>
        clip.LogitsPerImage(clip.ImageFeatures(images_BCHW), clip.TextFeatures(tokenizer.EncodeBatch(captions)));

    (Tensor Images_BCHW, IReadOnlyList<string> Captions) Batch(int step)
    {
        var indices = data.Draw(step, BatchSize);
        var random = new SceneRandom(data.Seed, WorldDraw.Captions, (uint)step);
        var captions = new string[indices.Length];
        for (var b = 0; b < indices.Length; b++) captions[b] = QualityWords.Caption(data.SceneAt(indices[b]), ref random);
        return (data.Batch(indices), captions);
    }

    /// <summary>Rows that sum to 1 over all images of the same caption, [B, B]; symmetric.</summary>
    static Tensor Matches(IReadOnlyList<string> captions)
    {
        var matches = new float[captions.Count, captions.Count];
        for (var i = 0; i < captions.Count; i++)
        {
            var same = captions.Count(c => c == captions[i]);
            for (var j = 0; j < captions.Count; j++) matches[i, j] = captions[i] == captions[j] ? 1f / same : 0;
        }
        return tensor(matches);
    }

    /// <summary>Share of images whose likeliest caption of a batch is theirs, over 8 batches beyond those trained on.</summary>
    double BatchAccuracy()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var right = 0;
        const int batches = 8;
        for (var step = Steps; step < Steps + batches; step++)
        {
            var (images_BCHW, captions) = Batch(step);
            var best = Logits(images_BCHW, captions).argmax(1).data<long>().ToArray();
            right += best.Where((j, i) => captions[(int)j] == captions[i]).Count();
        }
        return right / (double)(batches * BatchSize);
    }

    void InitialiseEmbeddings()
    {
        using var noGradient = no_grad();
        foreach (var (name, parameter) in clip.named_parameters())
            if (name.Contains("token_embedding") || name.Contains("position_embedding") || name.Contains("class_embedding"))
                parameter.normal_(0, EmbeddingDeviation);
    }
}
