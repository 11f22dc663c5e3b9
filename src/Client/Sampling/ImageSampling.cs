using System.Globalization;
using SpoActors.Client.Console;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Diffusion.Samplers;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Client.Sampling;

/// <summary>Draws the images of a request, one at a time: an image depends on its prompt and seed alone.</summary>
sealed class ImageSampling(SamplingRequest request, IConsoleOutput output)
{
    /// <summary>Draws and writes all images, and grids of them if there are several.</summary>
    public IReadOnlyList<DrawnFile> Run(CancellationToken cancellation)
    {
        using var model = DiffusionModel.Load(request.Model);
        using var adapter = AttachLora(model);
        var size = SizeOf(model);
        CheckRest(model);
        Directory.CreateDirectory(request.Folder);
        var files = new List<DrawnFile>();
        var grids = new GridFiles(request.Folder, [.. request.Seeds.Select(seed => string.Create(CultureInfo.InvariantCulture, $"seed {seed}"))]);
        bool[] withLora = request.Lora is null ? [false] : request.Compare ? [false, true] : [true];
        var several = request.Prompts.Count * request.Seeds.Count * withLora.Length > 1;
        foreach (var (prompt, index) in request.Prompts.Select((p, i) => (p, i)))
        {
            foreach (var useLora in withLora)
            {
                if (adapter is not null) adapter.Strength = useLora ? request.LoraStrength : 0;
                var images = request.Seeds.Select(seed => DrawOne(model, size, prompt, index, seed, useLora, files, cancellation)).ToArray();
                if (several) grids.Add(new LabelledGrid.Row(withLora.Length == 1 ? prompt : $"{(useLora ? "LoRA" : "base")}: {prompt}", images));
            }
        }
        AddGrids(grids, files);
        return files;
    }

    void AddGrids(GridFiles grids, List<DrawnFile> files)
    {
        var drawn = grids.Finish();
        files.AddRange(drawn.Select(file => new DrawnFile(file, "all", null, request.Lora ?? "")));
        if (drawn.Count > 1) output.Say(string.Create(CultureInfo.InvariantCulture, $"The grid is split into {drawn.Count} files; one picture of all would be too large."));
        if (grids.LeftOut > 0) output.Warn(string.Create(CultureInfo.InvariantCulture, $"{grids.LeftOut} rows are too large for a grid and were left out of it; their images are there."));
    }

    /// <summary>Asked before the first step, so that nothing is left behind where the size is wrong.</summary>
    LatentSize SizeOf(DiffusionModel model)
    {
        try
        {
            return model.LatentSize(request.Height, request.Width);
        }
        catch (ArgumentException e)
        {
            throw new ClientException(ExitCode.InvalidInput, $"--height, --width: {e.Message}.");
        }
    }

    LoraAdapter? AttachLora(DiffusionModel model)
    {
        if (request.Lora is null) return null;
        using var scope = NewDisposeScope();
        return LoraAdapter.Attach(model.UNet, LoraWeights.Read(request.Lora, model.UNet, request.Ignore));
    }

    // Steps take minutes: what is used only after them is looked at before.
    void CheckRest(DiffusionModel model)
    {
        using var sampler = DiffusionSamplers.Create(request.Scheduler, model.Schedule, request.Steps, request.Eta);
        _ = model.Decoder;
    }

    PixelImage DrawOne(DiffusionModel model, LatentSize size, string prompt, int index, ulong seed, bool useLora, List<DrawnFile> files, CancellationToken cancellation)
    {
        output.Say($"{prompt} (seed {seed}{(useLora ? ", LoRA" : "")})");
        using var scope = NewDisposeScope();
        var image = new TextToImagePipeline(model).Generate(
            new TextToImageRequest
            {
                Prompts = [prompt],
                NegativePrompt = request.NegativePrompt,
                Steps = request.Steps,
                GuidanceScale = request.GuidanceScale,
                GuidanceRescale = request.GuidanceRescale,
                Scheduler = request.Scheduler,
                Eta = request.Eta,
                Height = request.Height,
                Width = request.Width,
            },
            CounterBasedRandom.EvaluationLatents(seed, index, size.Channels, size.Height, size.Width),
            step => CounterBasedRandom.EvaluationNoise(seed, index, step, size.Channels, size.Height, size.Width),
            cancellation: cancellation);
        var picture = image[0].ToPixelImage();
        var file = Path.Combine(request.Folder, string.Create(CultureInfo.InvariantCulture, $"{index:d4}-seed{seed}{(request.Compare && !useLora ? "-base" : "")}.png"));
        AtomicFile.Write(file, PngFile.Encode(picture, Texts(prompt, index, seed, useLora)));
        files.Add(new DrawnFile(file, prompt, seed, useLora ? request.Lora! : ""));
        return picture;
    }

    /// <summary>All that is needed to draw the image again.</summary>
    Dictionary<string, string> Texts(string prompt, int index, ulong seed, bool useLora)
    {
        var texts = new Dictionary<string, string>
        {
            ["Software"] = "SpoActors",
            ["prompt"] = prompt,
            ["prompt_index"] = index.ToString(CultureInfo.InvariantCulture),
            ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
            ["model"] = request.Model.Path,
            ["settings"] = string.Create(CultureInfo.InvariantCulture,
                $"scheduler {request.Scheduler}, steps {request.Steps}, guidance_scale {request.GuidanceScale}, guidance_rescale {request.GuidanceRescale}, eta {request.Eta}, dtype {request.Model.Dtype}"),
        };
        if (request.NegativePrompt is { } negative) texts["negative_prompt"] = negative;
        if (useLora) texts["lora"] = string.Create(CultureInfo.InvariantCulture, $"{request.Lora} (sha256 {AtomicFile.Hash(request.Lora!)}, strength {request.LoraStrength})");
        return texts;
    }
}
