using System.Globalization;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>The image encoder alone.</summary>
public sealed class ClipVisionReader : IGoldenReader
{
    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source == "transformers.CLIPVisionModelWithProjection";

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var noGradient = no_grad();
        var config = ClipVisionConfig.Load(golden.Path("image_encoder/config.json"));
        using var weights = SafetensorsFile.Open(golden.Path("image_encoder/model.safetensors"));
        var model = ModuleLoading.Load(new ClipVisionModelWithProjection(config, META), weights);
        var (embeds, tower) = model.forward(golden.Tensor("pixel_values"), outputHiddenStates: true);
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            if (output == "image_embeds") check.Close(output, embeds);
            else if (output == "last_hidden_state") check.Close(output, tower.LastHiddenState_BLD);
            else if (output.StartsWith("hidden_states.", StringComparison.Ordinal))
                check.Close(output, tower.HiddenStates[int.Parse(output.AsSpan("hidden_states.".Length), CultureInfo.InvariantCulture)]);
            else check.Fail($"the reader doesn't know the output '{output}'");
        }
    }
}
