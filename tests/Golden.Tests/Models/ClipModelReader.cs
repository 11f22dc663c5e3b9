using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>The dual model: features, logits, and gradients of sum(logits_per_image * grad_seed).</summary>
public sealed class ClipModelReader : IGoldenReader
{
    const string GradientPrefix = "grad.";

    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source == "transformers.CLIPModel";

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var weights = SafetensorsFile.Open(golden.Path("clip/model.safetensors"));
        var model = ModuleLoading.Load(new ClipModel(ClipConfig.Load(golden.Path("clip/config.json")), META), weights);
        foreach (var parameter in model.parameters()) parameter.requires_grad_();
        var inputIds_TL = golden.Tensor("input_ids");
        var mask_TL = golden.Tensor("attention_mask");
        var pixelValues_BCHW = golden.Tensor("pixel_values").clone().requires_grad_();

        var text = model.TextFeatures(inputIds_TL, mask_TL);
        var image = model.ImageFeatures(pixelValues_BCHW);
        var logits_BT = model.LogitsPerImage(image, text);
        (logits_BT * golden.Tensor("grad_seed")).sum().backward();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);

        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            var actual = output switch
            {
                "image_features" => image,
                "text_features" => text,
                "text_features_without_attention_mask" => model.TextFeatures(inputIds_TL),
                "image_embeds" => ClipFeatures.Normalize(image),
                "text_embeds" => ClipFeatures.Normalize(text),
                "logits_per_image" => logits_BT,
                "logits_per_text" => logits_BT.t(),
                "vision.last_hidden_state" => model.VisionTower(pixelValues_BCHW).LastHiddenState_BLD,
                "vision.pooler_output" => model.VisionTower(pixelValues_BCHW).PoolerOutput_BD,
                "text.last_hidden_state" => model.TextTower(inputIds_TL, mask_TL).LastHiddenState_BLD,
                GradientPrefix + "pixel_values" => pixelValues_BCHW.grad,
                _ when output.StartsWith(GradientPrefix, StringComparison.Ordinal)
                    && parameters.TryGetValue(output[GradientPrefix.Length..], out var parameter) => parameter.grad,
                _ => null,
            };
            if (actual is null) check.Fail($"the reader doesn't know the output '{output}'");
            else check.Close(output, actual);
        }
    }
}
