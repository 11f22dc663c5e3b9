using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>A UNet with an adapter: predictions with it on, off, scaled and merged, and the gradients of its parameters.</summary>
public sealed partial class UNetLoraReader : IGoldenReader
{
    const string Gradient = "grad.", File = "pytorch_lora_weights";

    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Json.TryGetProperty("config", out var config)
        && config.TryGetProperty("unet", out _) && config.TryGetProperty("target_modules", out _) && config.TryGetProperty("inputs_of", out _);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var model = UNetCase.Load(golden, golden.Config.GetProperty("unet").GetString()!);
        using var inputsFile = SafetensorsFile.Open(golden.Path(golden.Config.GetProperty("inputs_of").GetString()!.Split(' ')[0]));
        var inputs = new UNetCase(golden, requiresGrad: false, inputsFile);
        var outputs = golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name).ToList();
        CheckTargets(golden, check, model);

        foreach (var group in outputs.Where(o => !o.StartsWith(Gradient, StringComparison.Ordinal)).GroupBy(FileOf))
        {
            using var adapter = LoraAdapter.Attach(model, LoraWeights.Read(golden.Path(group.Key), model));
            foreach (var output in group.Where(o => !IsOfTraining(o))) CheckOutput(output, adapter);
        }
        using (var adapter = LoraAdapter.Attach(model, Trained(golden, model)))
            foreach (var output in outputs.Where(IsOfTraining)) CheckOutput(output, adapter);
        CheckGradients(golden, check, model, inputs, outputs);

        void CheckOutput(string output, LoraAdapter adapter)
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            adapter.Strength = ScaleIn().Match(output) is { Success: true } m ? double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) : 1;
            if (output == "delta_check")
            {
                var change = (inputs.Predict(model) - Disabled()).abs().max();
                var downs = cat([.. adapter.Export().Values.Select(f => f.A.flatten())]);
                check.Close(output, stack([change, downs.std()]), golden.Tensor(output), "out_lora");
            }
            else if (output == "out_adapters_disabled") check.Close(output, Disabled());
            else if (MergedWeight().Match(output) is { Success: true } merged) check.Close(output, adapter.MergedWeight(merged.Groups[1].Value));
            else if (output.Contains("out_fused", StringComparison.Ordinal))
            {
                adapter.Merge();
                check.Close(output, inputs.Predict(model));
                adapter.Unmerge();
            }
            else if (output.Contains("out_lora", StringComparison.Ordinal) || output.Contains("out_loaded", StringComparison.Ordinal))
                check.Close(output, inputs.Predict(model));
            else check.Fail($"the reader doesn't know the output '{output}'");

            Tensor Disabled()
            {
                using (adapter.Disabled()) return inputs.Predict(model);
            }
        }
    }

    /// <summary>An adapter made here goes to the layers that the recorded one has.</summary>
    static void CheckTargets(GoldenCase golden, GoldenAssert check, UNet2DCondition model)
    {
        var specification = new LoraSpecification
        {
            Rank = golden.Config.GetProperty("rank").GetInt32(),
            Alpha = golden.Config.GetProperty("lora_alpha").GetDouble(),
            TargetModules = [.. golden.Config.GetProperty("target_modules").EnumerateArray().Select(t => t.GetString()!)],
        };
        using var fresh = LoraAdapter.Attach(model, specification, (_, shape) => ones(shape));
        var recorded = LoraWeights.Read(golden.Path($"{File}.safetensors"), model);
        check.Equal("adapted layers", string.Join(" ", fresh.Paths), string.Join(" ", recorded.Keys.Order(StringComparer.Ordinal)));
    }

    static void CheckGradients(GoldenCase golden, GoldenAssert check, UNet2DCondition model, UNetCase inputs, List<string> outputs)
    {
        var gradients = outputs.Where(o => o.StartsWith(Gradient, StringComparison.Ordinal)).ToList();
        foreach (var checkpointing in (bool[])[false, true])
        {
            using var adapter = LoraAdapter.Attach(model, Trained(golden, model));
            model.GradientCheckpointing = checkpointing;
            (inputs.Predict(model) * golden.Tensor("grad_seed")).sum().backward();
            var parameters = adapter.NamedParameters.ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
            foreach (var output in gradients)
            {
                if (parameters.GetValueOrDefault(output[Gradient.Length..])?.grad is { } gradient) check.CloseAsOneOf(gradients, output, gradient);
                else check.Fail($"no gradient '{output}' (gradient checkpointing: {checkpointing})");
            }
        }
        model.GradientCheckpointing = false;
    }

    /// <summary>What the adapter gave as it was trained, before it was saved.</summary>
    static bool IsOfTraining(string output) => output is "out_lora" or "delta_check";

    /// <summary>The adapter as it was trained: diffusers' file, which is read as alpha = rank, holds no alpha.</summary>
    static Dictionary<string, LoraFactors> Trained(GoldenCase golden, UNet2DCondition model)
    {
        var alpha = golden.Config.GetProperty("lora_alpha").GetDouble();
        return LoraWeights.Read(golden.Path($"{File}.safetensors"), model).ToDictionary(f => f.Key, f => f.Value with { Alpha = alpha }, StringComparer.Ordinal);
    }

    /// <summary>Outputs of another file than the one in diffusers' format start with what its name has in addition.</summary>
    static string FileOf(string output) => FilePrefix().Match(output) is { Success: true } m ? $"{File}_{m.Groups[1].Value}.safetensors" : $"{File}.safetensors";

    [GeneratedRegex(@"^(kohya\w*)\.")]
    private static partial Regex FilePrefix();

    [GeneratedRegex(@"scale_(\d+(?:\.\d+)?)")]
    private static partial Regex ScaleIn();

    [GeneratedRegex(@"^merged_scale_\d+(?:\.\d+)?\.(.+)\.weight$")]
    private static partial Regex MergedWeight();
}
