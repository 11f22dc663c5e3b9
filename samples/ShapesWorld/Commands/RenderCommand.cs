using System.CommandLine;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Storage;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes render</c>: a picture of some scenes of the world.</summary>
sealed class RenderCommand : Command
{
    const int Columns = 6, ScenesOfARow = 4;

    readonly Argument<string> file = new("file") { Description = "The PNG file to write." };
    readonly Option<ulong> seed = new("--seed") { Description = "Seed of the scenes.", DefaultValueFactory = _ => 1 };
    readonly ShapesOutput output;

    public RenderCommand(ShapesOutput output) : base("render", "Draw scenes of the world, each caption in several qualities.")
    {
        this.output = output;
        Arguments.Add(file);
        Options.Add(seed);
        SetAction((parsed, _) => Task.FromResult(Execute(parsed)));
    }

    int Execute(ParseResult parsed)
    {
        using var renderer = new SceneRenderer();
        var captions = PromptSplit.Validation(parsed.GetValue(seed), Columns);
        var rows = captions.Select((caption, row) => new LabelledGrid.Row(caption.Caption,
            [.. Enumerable.Range(0, ScenesOfARow).Select(i => Draw(renderer, SceneGenerator.Create(caption, parsed.GetValue(seed), (uint)(row * ScenesOfARow + i))))]));
        AtomicFile.Write(parsed.GetValue(file)!, PngFile.Encode(LabelledGrid.Draw([.. rows]), new Dictionary<string, string>()));
        output.Data(parsed.GetValue(file)!);
        return 0;
    }

    static PixelImage Draw(SceneRenderer renderer, Scene scene) => new(Scene.Size, Scene.Size, 3, renderer.Render(scene));
}
