using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Models.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Oracles;

/// <summary>
/// A small convolutional network that finds the objects of an image on a grid of 8x8 cells and estimates its four qualities from features
/// of three scales. Its judgement is never trained on: it only reports.
/// </summary>
/// <remarks>Shape letters: B images, O outputs of a cell, F features of a scale.</remarks>
public sealed class OracleNetwork : nn.Module
{
    /// <summary>Rows and columns of cells, and pixels of a cell's side.</summary>
    public const int Cells = 8, CellSize = Scene.Size / Cells;

    /// <summary>Outputs of a cell: objectness, shapes, colours, and where the centre lies in the cell and the radius.</summary>
    public const int ShapeAt = 1, ColourAt = ShapeAt + SceneDescription.Shapes, BoxAt = ColourAt + SceneDescription.Colours, Outputs = BoxAt + 3;

    /// <summary>Radius in pixels at output 1.</summary>
    public const double RadiusUnit = 16;

    public const int Qualities = 4;

    readonly ModuleList<OracleScale> scales = new();
    readonly Convolution2d head;
    readonly Linear quality_hidden, quality_out;

    public OracleNetwork() : base(nameof(OracleNetwork))
    {
        (int In, int Middle, int Out)[] sizes = [(3, 16, 24), (24, 48, 48), (48, 96, 96)];
        foreach (var (input, middle, output) in sizes) scales.Add(new OracleScale(input, middle, output));
        head = new Convolution2d(sizes[^1].Out, Outputs, 1);
        quality_hidden = nn.Linear(2 * sizes.Sum(s => s.Out), 64);
        quality_out = nn.Linear(64, Qualities);
        RegisterComponents();
    }

    /// <param name="images_BCHW">[B, 3, 64, 64] in -1 .. 1.</param>
    /// <returns>Cells [B, O, 8, 8] as logits and numbers, and blur, noise, desaturation and missing shade [B, 4], each 0 best .. 1 worst.</returns>
    public (Tensor Cells_BOHW, Tensor Quality_B4) forward(Tensor images_BCHW)
    {
        using var scope = NewDisposeScope();
        var pooled = new List<Tensor>();
        var hidden = images_BCHW;
        foreach (var scale in scales)
        {
            hidden = scale.call(hidden);
            // The deviation tells sharp and noisy features from smooth ones.
            pooled.Add(hidden.mean([2, 3]));
            pooled.Add(hidden.flatten(2).std(2));
        }
        var quality_B4 = quality_out.call(nn.functional.relu(quality_hidden.call(cat(pooled, 1))));
        return (head.call(hidden).MoveToOuterDisposeScope(), quality_B4.MoveToOuterDisposeScope());
    }
}

/// <summary>Halves the sides: a convolution of stride 2 and one of stride 1, each normalised by batch.</summary>
sealed class OracleScale : nn.Module<Tensor, Tensor>
{
    readonly Convolution2d down, same;
    readonly BatchNorm2d down_norm, same_norm;

    public OracleScale(int input, int middle, int output) : base(nameof(OracleScale))
    {
        down = new Convolution2d(input, middle, 3, stride: 2, padding: 1, hasBias: false);
        down_norm = nn.BatchNorm2d(middle);
        same = new Convolution2d(middle, output, 3, padding: 1, hasBias: false);
        same_norm = nn.BatchNorm2d(output);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input_BCHW)
    {
        using var scope = NewDisposeScope();
        var hidden = nn.functional.relu(down_norm.call(down.call(input_BCHW)));
        return nn.functional.relu(same_norm.call(same.call(hidden))).MoveToOuterDisposeScope();
    }
}
