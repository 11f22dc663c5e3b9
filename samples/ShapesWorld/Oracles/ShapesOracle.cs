using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Oracles;

/// <summary>Reads images: which objects are where, and how good the image is.</summary>
public sealed class ShapesOracle(OracleNetwork network) : IDisposable
{
    public const string FileName = "model.safetensors";

    const int BatchSize = 128;
    const double Certain = 0.5;

    /// <exception cref="CheckpointException">The file is missing or no oracle.</exception>
    public static ShapesOracle Load(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, FileName));
        var network = new OracleNetwork();
        OracleFile.Fill(network, file);
        network.eval();
        return new ShapesOracle(network);
    }

    /// <param name="images_BCHW">[B, 3, 64, 64] in -1 .. 1; values beyond are clamped, as an image file would.</param>
    public IReadOnlyList<ImageReading> Read(Tensor images_BCHW)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var readings = new List<ImageReading>();
        foreach (var batch_BCHW in images_BCHW.to(CPU).to_type(ScalarType.Float32).clamp(-1, 1).split(BatchSize))
        {
            var (cells_BOHW, quality_B4) = network.forward(batch_BCHW);
            var peaks = Peaks(cells_BOHW).data<float>().ToArray();
            var cells = cells_BOHW.contiguous().data<float>().ToArray();
            var quality = quality_B4.contiguous().data<float>().ToArray();
            for (var b = 0; b < batch_BCHW.shape[0]; b++)
                readings.Add(new ImageReading(Objects(cells.AsSpan(b * CellValues, CellValues), peaks.AsSpan(b * Area, Area)), QualityOf(quality.AsSpan(b * 4, 4))));
        }
        return readings;
    }

    public void Dispose() => network.Dispose();

    const int Area = OracleNetwork.Cells * OracleNetwork.Cells, CellValues = OracleNetwork.Outputs * Area;

    /// <summary>Probability of an object where it is the largest of its 3x3 neighbourhood, else 0; [B, 8, 8].</summary>
    static Tensor Peaks(Tensor cells_BOHW)
    {
        using var scope = NewDisposeScope();
        var objectness_B1HW = cells_BOHW.narrow(1, 0, 1).sigmoid();
        var largest_B1HW = nn.functional.max_pool2d(objectness_B1HW, 3, 1, 1);
        return (objectness_B1HW * objectness_B1HW.eq(largest_B1HW)).contiguous().MoveToOuterDisposeScope();
    }

    static List<FoundObject> Objects(ReadOnlySpan<float> cells, ReadOnlySpan<float> peaks)
    {
        var found = new List<FoundObject>();
        for (var cell = 0; cell < Area; cell++)
        {
            if (peaks[cell] <= Certain) continue;
            found.Add(new FoundObject(
                (Colour)Best(cells, cell, OracleNetwork.ColourAt, SceneDescription.Colours),
                (Shape)Best(cells, cell, OracleNetwork.ShapeAt, SceneDescription.Shapes),
                (cell % OracleNetwork.Cells + cells[OracleNetwork.BoxAt * Area + cell]) * OracleNetwork.CellSize,
                (cell / OracleNetwork.Cells + cells[(OracleNetwork.BoxAt + 1) * Area + cell]) * OracleNetwork.CellSize,
                cells[(OracleNetwork.BoxAt + 2) * Area + cell] * OracleNetwork.RadiusUnit, peaks[cell]));
        }
        return found;
    }

    static int Best(ReadOnlySpan<float> cells, int cell, int first, int count)
    {
        var best = 0;
        for (var i = 1; i < count; i++)
            if (cells[(first + i) * Area + cell] > cells[(first + best) * Area + cell]) best = i;
        return best;
    }

    static Quality QualityOf(ReadOnlySpan<float> shares) => new(shares[0] * Quality.WorstBlur, shares[1] * Quality.WorstNoise,
        shares[2] * Quality.WorstDesaturation, 1 - shares[3]);
}
