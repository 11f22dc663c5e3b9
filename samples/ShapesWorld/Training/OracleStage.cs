using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.World;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>Trains the oracle on renders, whose objects and qualities are known. Every second batch has noise of single pixels added.</summary>
public sealed class OracleStage : ITrainingStage
{
    const int BatchSize = 64, Cells = OracleNetwork.Cells;
    const double PeakRate = 4e-3, PixelNoise = 0.06, BoxWeight = 2, QualityWeight = 4;

    readonly ShapesDataset data;
    readonly OracleNetwork network;

    public OracleStage(ShapesDataset data, int steps)
    {
        (this.data, Steps) = (data, steps);
        manual_seed((long)new SceneRandom(data.Seed, WorldDraw.Weights, 3).NextSeed());
        network = new OracleNetwork();
        Optimizer = TrainableModule.Optimizer(network, weightDecay: 1e-2);
        State = TrainableModule.Tensors(network);
    }

    public int Steps { get; }

    public SpoActors.Trainer.Optimization.AdamW Optimizer { get; }

    public IReadOnlyDictionary<string, Tensor> State { get; }

    public double LearningRate(int step) => LearningRates.OneCycle(step, Steps, PeakRate, warmup: 0.2);

    public double ComputeGradients(int step)
    {
        using var generator = TrainableModule.Noise(data.Seed ^ 0x0AC, step);
        var indices = data.Draw(step, BatchSize);
        var images_BCHW = data.Batch(indices);
        if (step % 2 == 1) images_BCHW = images_BCHW + PixelNoise * randn(images_BCHW.shape, generator: generator);
        var (cells_BOHW, quality_B4) = network.forward(images_BCHW);
        var scenes = indices.Select(data.SceneAt).ToList();
        var loss = CellLoss(cells_BOHW, scenes) + QualityWeight * nn.functional.l1_loss(quality_B4, TrueQuality(scenes));
        loss.backward();
        return loss.item<float>();
    }

    public IReadOnlyDictionary<string, double> Export(string folder)
    {
        network.eval();
        ModelFiles.WriteWeights(Path.Combine(folder, ShapesOracle.FileName), State);
        return new Dictionary<string, double>();
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        network.Dispose();
    }

    /// <summary>Objectness everywhere; shape, colour and place in the cells that hold an object's centre.</summary>
    static Tensor CellLoss(Tensor cells_BOHW, IReadOnlyList<Scene> scenes)
    {
        var objectness = new float[scenes.Count, Cells, Cells];
        List<long> at = [], shapes = [], colours = [];
        List<float> boxes = [];
        for (var b = 0; b < scenes.Count; b++)
            foreach (var item in scenes[b].Objects)
            {
                var (column, row) = (Cell(item.X), Cell(item.Y));
                objectness[b, row, column] = 1;
                at.Add((b * Cells + row) * Cells + column);
                shapes.Add((long)item.Shape);
                colours.Add((long)item.Colour);
                boxes.AddRange([(float)(item.X / OracleNetwork.CellSize - column), (float)(item.Y / OracleNetwork.CellSize - row), (float)(item.Radius / OracleNetwork.RadiusUnit)]);
            }
        var objects_NO = cells_BOHW.permute(0, 2, 3, 1).reshape(-1, OracleNetwork.Outputs).index_select(0, tensor(at));
        var presence = nn.functional.binary_cross_entropy_with_logits(cells_BOHW.select(1, 0), tensor(objectness), pos_weights: tensor(4f));
        var shape = nn.functional.cross_entropy(objects_NO.narrow(1, OracleNetwork.ShapeAt, SceneDescription.Shapes), tensor(shapes));
        var colour = nn.functional.cross_entropy(objects_NO.narrow(1, OracleNetwork.ColourAt, SceneDescription.Colours), tensor(colours));
        var box = nn.functional.l1_loss(objects_NO.narrow(1, OracleNetwork.BoxAt, 3), tensor(boxes.ToArray(), [at.Count, 3]));
        return 10 * presence + shape + colour + BoxWeight * box;
    }

    static int Cell(double position) => Math.Clamp((int)(position / OracleNetwork.CellSize), 0, Cells - 1);

    static Tensor TrueQuality(IReadOnlyList<Scene> scenes) => tensor(scenes.SelectMany(s => (float[])
        [(float)(s.Quality.Blur / Quality.WorstBlur), (float)(s.Quality.Noise / Quality.WorstNoise), (float)(s.Quality.Desaturation / Quality.WorstDesaturation), (float)(1 - s.Quality.Shade)])
        .ToArray(), [scenes.Count, OracleNetwork.Qualities]);
}
