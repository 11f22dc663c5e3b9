using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>Text encoders alone, with and without projection.</summary>
public sealed partial class ClipTextReader : IGoldenReader
{
    const string Folder = "text_encoder";

    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source is "transformers.CLIPTextModel" or "transformers.CLIPTextModelWithProjection";

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var noGradient = no_grad();
        var config = ClipTextConfig.Load(golden.Path(Folder + "/config.json"));
        using var weights = SafetensorsFile.Open(golden.Path(Folder + "/model.safetensors"));
        Func<Tensor, Tensor?, (ClipTextOutput Tower, Tensor? Embeds)> run;
        if (golden.Source.EndsWith("WithProjection", StringComparison.Ordinal))
        {
            var model = ModuleLoading.Load(new ClipTextModelWithProjection(config, META), weights);
            run = (ids, mask) =>
            {
                var (embeds, tower) = model.forward(ids, mask, outputHiddenStates: true);
                return (tower, embeds);
            };
        }
        else
        {
            var model = ModuleLoading.Load(new ClipTextModel(config, META), weights);
            run = (ids, mask) => (model.forward(ids, mask, outputHiddenStates: true), null);
        }

        var inputIds_BL = golden.Tensor("input_ids");
        var plain = run(inputIds_BL, null);
        var masked = run(inputIds_BL, golden.Tensor("attention_mask"));
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            var actual = output switch
            {
                "last_hidden_state" => plain.Tower.LastHiddenState_BLD,
                "last_hidden_state_with_attention_mask" => masked.Tower.LastHiddenState_BLD,
                "pooler_output" => plain.Tower.PoolerOutput_BD,
                "text_embeds" => plain.Embeds,
                "text_embeds_with_attention_mask" => masked.Embeds,
                _ when HiddenState().Match(output) is { Success: true } m => plain.Tower.HiddenStates[Number(m)],
                _ when FirstTokens().Match(output) is { Success: true } m => run(inputIds_BL.narrow(1, 0, Number(m)), null).Tower.LastHiddenState_BLD,
                _ => null,
            };
            if (actual is null) check.Fail($"the reader doesn't know the output '{output}'");
            else check.Close(output, actual);
        }
    }

    static int Number(Match match) => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^hidden_states\.(\d+)$")]
    private static partial Regex HiddenState();

    [GeneratedRegex(@"^last_hidden_state_first_(\d+)_tokens$")]
    private static partial Regex FirstTokens();
}
