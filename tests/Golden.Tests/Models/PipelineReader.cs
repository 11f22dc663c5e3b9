using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>Whole text-to-image pipelines: embeddings, latents after every step, images.</summary>
public sealed partial class PipelineReader : IGoldenReader
{
    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source is "diffusers.StableDiffusionPipeline" or "diffusers.StableDiffusionXLPipeline";

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var noGradient = no_grad();
        using var model = DiffusionModel.Load(new ModelSpecification { Path = golden.Path(golden.Config.GetProperty("folder").GetString()!) });
        var runs = new Dictionary<(string Scheduler, bool Negative), PipelineRun>();
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject())
        {
            if (Embedding().Match(output.Name) is { Success: true } embedding) CheckEmbedding(golden, check, model, output.Name, embedding);
            else if (RunOutput().Match(output.Name) is { Success: true } run)
            {
                var key = (run.Groups[1].Value, run.Groups[2].Success);
                if (!runs.TryGetValue(key, out var result)) runs[key] = result = new PipelineRun(model, golden, Request(golden, key.Item1, key.Item2));
                result.Check(check, output.Name, run.Groups[3].Value);
            }
            else if (Unguided().Match(output.Name) is { Success: true } unguided)
            {
                // The number of steps is told in the description only.
                var steps = int.Parse(Steps().Match(output.Value.GetProperty("about").GetString()!).Groups[1].Value, CultureInfo.InvariantCulture);
                var request = Request(golden, unguided.Groups[1].Value, negative: false) with { GuidanceScale = 1, Steps = steps };
                check.Close(output.Name, new TextToImagePipeline(model).Denoise(request, golden.Tensor("initial_latents")));
            }
            else check.Fail($"the reader doesn't know the output '{output.Name}'");
        }
        if (golden.Has("time_ids")) check.Equal("time_ids", Sizes(golden, "time_ids")!.ToTimeIds(Prompts(golden).Length, CPU), golden.Tensor("time_ids"));
    }

    static void CheckEmbedding(GoldenCase golden, GoldenAssert check, DiffusionModel model, string output, Match match)
    {
        var prompts = Prompts(golden);
        UNetConditioning conditioning;
        if (!match.Groups[2].Success) conditioning = model.Prompts.Encode(prompts);
        else
        {
            var one = match.Groups[1].Success ? model.Prompts.Encode(golden.Config.GetProperty("negative_prompt").GetString()!) : model.Prompts.EncodeUnconditional();
            conditioning = new(one.EncoderHiddenStates.repeat(prompts.Length, 1, 1), one.TextEmbeds?.repeat(prompts.Length, 1));
        }
        check.Close(output, match.Groups[3].Success ? conditioning.TextEmbeds! : conditioning.EncoderHiddenStates);
    }

    static TextToImageRequest Request(GoldenCase golden, string scheduler, bool negative)
    {
        var config = golden.Config;
        return new TextToImageRequest
        {
            Prompts = Prompts(golden),
            NegativePrompt = negative ? config.GetProperty("negative_prompt").GetString() : null,
            Steps = config.GetProperty("num_inference_steps").GetInt32(),
            GuidanceScale = config.GetProperty("guidance_scale").GetDouble(),
            GuidanceRescale = config.TryGetProperty("guidance_rescale", out var rescale) ? rescale.GetDouble() : 0,
            Eta = config.GetProperty("eta").GetDouble(),
            Height = config.GetProperty("height").GetInt32(),
            Width = config.GetProperty("width").GetInt32(),
            Scheduler = Enum.Parse<SchedulerKind>(scheduler, ignoreCase: true),
            Sizes = negative ? Sizes(golden, "negative.time_ids") : null,
            NegativeSizes = negative ? Sizes(golden, "negative.negative_time_ids") : null,
        };
    }

    static string[] Prompts(GoldenCase golden) => [.. golden.Config.GetProperty("prompts").EnumerateArray().Select(p => p.GetString()!)];

    static SizeConditioning? Sizes(GoldenCase golden, string name)
    {
        if (!golden.Has(name)) return null;
        var ids = golden.Tensor(name)[0].data<long>().ToArray();
        return new SizeConditioning
        {
            OriginalHeight = ids[0],
            OriginalWidth = ids[1],
            CropTop = ids[2],
            CropLeft = ids[3],
            TargetHeight = ids[4],
            TargetWidth = ids[5],
        };
    }

    /// <summary>One trajectory, with what its outputs are compared with.</summary>
    sealed class PipelineRun
    {
        readonly List<Tensor> latents = [];
        readonly Tensor images;
        readonly GoldenCase golden;
        readonly TextToImageRequest request;
        readonly DiffusionModel model;

        public PipelineRun(DiffusionModel model, GoldenCase golden, TextToImageRequest request)
        {
            (this.model, this.golden, this.request) = (model, golden, request);
            var final = new TextToImagePipeline(model).Denoise(
                request, golden.Tensor("initial_latents"), onStep: (_, x) => latents.Add(x.clone().DetachFromDisposeScope()));
            images = model.Decoder.Decode(final);
        }

        public void Check(GoldenAssert check, string output, string what)
        {
            if (what == "latents") check.Close(output, stack(latents));
            else if (what == "image") check.Close(output, LatentDecoder.ToUnitRange(images));
            else if (what == "timesteps")
            {
                using var sampler = Trainer.Diffusion.Samplers.DiffusionSamplers.Create(request.Scheduler, model.Schedule, request.Steps);
                check.Close(output, tensor(sampler.Timesteps.ToArray()));
            }
            else CheckBytes(check, output);
        }

        /// <summary>Rounding may go the other way by 1 where the recorded value is as near to a half as the image may be off.</summary>
        void CheckBytes(GoldenAssert check, string output)
        {
            var image = output[..^"_uint8".Length];
            var recordedImage = golden.Tensor(image).to(ScalarType.Float64) * 255;
            var doubtful = ((recordedImage - recordedImage.floor()) - 0.5).abs().lt(255 * check.Allowed(image));
            var difference = (LatentDecoder.ToBytes(images).to(ScalarType.Int32) - golden.Tensor(output).to(ScalarType.Int32)).abs();
            check.Equal($"{output}: pixels that differ", difference.gt(doubtful.to(ScalarType.Int32)).sum().item<long>(), 0);
        }
    }

    [GeneratedRegex(@"^(negative\.)?(negative_)?(pooled_)?prompt_embeds$")]
    private static partial Regex Embedding();

    [GeneratedRegex(@"^(ddim|euler|dpmsolver)(\.negative)?\.(latents|image|timesteps|image_uint8)$")]
    private static partial Regex RunOutput();

    [GeneratedRegex(@"^(ddim|euler|dpmsolver)\.no_guidance\.final_latents$")]
    private static partial Regex Unguided();

    [GeneratedRegex(@"(\d+) steps")]
    private static partial Regex Steps();
}
