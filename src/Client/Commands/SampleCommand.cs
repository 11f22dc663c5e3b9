using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Client.Runs;
using SpoActors.Client.Sampling;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Texts;
using static TorchSharp.torch;

namespace SpoActors.Client.Commands;

/// <summary><c>spo sample</c>: images from a model, with or without a LoRA.</summary>
sealed class SampleCommand : Command
{
    readonly Argument<string> model = new("model") { Description = "A diffusers folder or a single-file checkpoint." };
    readonly Option<string[]> prompt = new("--prompt", "-p") { Description = "A prompt. May be given several times." };
    readonly Option<string?> prompts = new("--prompts") { Description = "A prompts file: .json, .jsonl, .tsv, .csv or .txt." };
    readonly Option<string> column = new("--column") { Description = "Key or column of the prompts file.", DefaultValueFactory = _ => new PromptSpecification().Column };
    readonly Option<int?> limit = new("--limit") { Description = "Only the first prompts of the file." };
    readonly Option<string?> negative = new("--negative") { Description = "What the images should not look like." };
    readonly Option<string?> lora = new("--lora") { Description = "A LoRA file." };
    readonly Option<LoraFilePart[]> ignore = SharedOptions.IgnoredLoraParts();
    readonly Option<double> strength = new("--lora-strength") { Description = "Factor on the LoRA.", DefaultValueFactory = _ => 1 };
    readonly Option<bool> compare = new("--compare") { Description = "Draw every image without the LoRA as well, for the grid." };
    readonly Option<ulong[]> seeds = new("--seed") { Description = "One image of each prompt for each seed.", DefaultValueFactory = _ => [0], AllowMultipleArgumentsPerToken = true };
    readonly Option<int> steps = new("--steps") { Description = "Denoising steps.", DefaultValueFactory = _ => 20 };
    readonly Option<double> guidance = new("--guidance-scale") { Description = "Classifier-free guidance; 1 switches it off.", DefaultValueFactory = _ => 5 };
    readonly Option<double> rescale = new("--guidance-rescale") { Description = "0 to 1 (arXiv 2305.08891)." };
    readonly Option<SchedulerKind> scheduler = SharedOptions.Choice("--scheduler", SchedulerKind.Ddim, "The sampler.");
    readonly Option<double> eta = new("--eta") { Description = "DDIM's noise, 0 to 1." };
    readonly Option<int?> height = new("--height") { Description = "In pixels; the model's own by default." };
    readonly Option<int?> width = new("--width") { Description = "In pixels; the model's own by default." };
    readonly Option<NumberType> dtype = SharedOptions.Choice("--dtype", NumberType.Float32, "Weight type.");
    readonly Option<string> device = SharedOptions.Device();
    readonly Option<string?> vae = new("--vae") { Description = "A VAE folder to use instead of the model's own." };
    readonly Option<int> threads = new("--threads") { Description = "Threads on the CPU; 0 takes all cores. On a machine with other work, fewer are faster." };
    readonly Option<string> folder = new("--output", "-o") { Description = "Folder for the images alone; where it holds something, its name gets a number.", DefaultValueFactory = _ => "samples" };
    readonly Option<bool> overwrite = new("--overwrite") { Description = "Draw into the folder whatever it holds, and replace files of the same names." };
    readonly Option<OutputFormat> format = SharedOptions.Format();
    readonly IConsoleOutput output;

    public SampleCommand(IConsoleOutput output) : base("sample", "Draw images from a model with or without a LoRA.")
    {
        this.output = output;
        Arguments.Add(model);
        foreach (Option option in new Option[]
        {
            prompt, prompts, column, limit, negative, lora, ignore, strength, compare, seeds, steps, guidance, rescale, scheduler, eta, height, width, dtype, device, vae, threads, folder, overwrite, format,
        })
            Options.Add(option);
        Validators.Add(result =>
        {
            if (result.GetResult(prompt) is null && result.GetResult(prompts) is null) result.AddError("There is nothing to draw: give --prompt or --prompts.");
            if (result.GetResult(compare) is not null && result.GetResult(lora) is null) result.AddError("--compare needs a --lora to compare with.");
            Between(result, steps, 1, 1000);
            Between(result, threads, 0, 4096);
            Between(result, limit, 1, int.MaxValue);
            Between(result, height, 1, SamplingSpecification.LargestSide);
            Between(result, width, 1, SamplingSpecification.LargestSide);
            Between(result, eta, 0, 1);
            Between(result, rescale, 0, 1);
            Between(result, guidance, 0, 100);
            Between(result, strength, -100, 100);
        });
        SetAction((parsed, cancellation) => Task.FromResult(Execute(parsed, cancellation)));
    }

    int Execute(ParseResult parsed, CancellationToken cancellation)
    {
        DeviceCheck.Ensure(parsed.GetValue(device)!);
        var wanted = UserPath.Expand(parsed.GetValue(folder)!);
        var request = new SamplingRequest
        {
            Model = new ModelSpecification
            {
                Path = InputPath.Readable(parsed.GetValue(model)!),
                Vae = parsed.GetValue(vae) is { } ownVae ? InputPath.Readable(ownVae) : null,
                Device = parsed.GetValue(device)!,
                Dtype = parsed.GetValue(dtype),
                Threads = parsed.GetValue(threads),
            },
            Prompts = Prompts(parsed),
            NegativePrompt = parsed.GetValue(negative),
            Lora = parsed.GetValue(lora) is { } loraFile ? InputPath.Readable(loraFile) : null,
            Ignore = parsed.GetValue(ignore)!,
            LoraStrength = parsed.GetValue(strength),
            Compare = parsed.GetValue(compare),
            Seeds = parsed.GetValue(seeds)!,
            Steps = parsed.GetValue(steps),
            GuidanceScale = parsed.GetValue(guidance),
            GuidanceRescale = parsed.GetValue(rescale),
            Scheduler = parsed.GetValue(scheduler),
            Eta = parsed.GetValue(eta),
            Height = parsed.GetValue(height),
            Width = parsed.GetValue(width),
            Folder = parsed.GetValue(overwrite) ? wanted : OutputFolder.FreeOf(wanted),
        };
        if (request.Folder != wanted) output.Say($"'{wanted}' holds files already; these go to '{request.Folder}'.");
        PromptWarnings.Tell(request.Prompts, output);
        if (request.Model.Threads > 0) set_num_threads(request.Model.Threads);
        var files = new ImageSampling(request, output).Run(cancellation);
        output.Result(parsed.GetValue(format), files, drawn =>
            [new OutputTable(null, ["file", "seed", "LoRA", "prompt"], [.. drawn.Select(f => (IReadOnlyList<string>)[f.File, f.Seed?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "all", f.Lora, f.Prompt])])]);
        return (int)ExitCode.Success;
    }

    List<string> Prompts(ParseResult parsed)
    {
        var all = new List<string>(parsed.GetValue(prompt) ?? []);
        if (parsed.GetValue(prompts) is { } file)
            all.AddRange(PromptFile.Read(new PromptSpecification { Path = UserPath.Expand(file), Column = parsed.GetValue(column)!, Limit = parsed.GetValue(limit) }));
        return all;
    }

    static void Between<T>(System.CommandLine.Parsing.CommandResult result, Option<T> option, double low, double high)
    {
        if (result.GetResult(option) is null) return;
        double number;
        try
        {
            number = Convert.ToDouble(result.GetValue(option), System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (InvalidOperationException)
        {
            // The value is no number: the parser reports that itself.
            return;
        }
        if (!(number >= low && number <= high)) result.AddError($"{option.Name} is {ResultOutput.Text(number)}; expected {ResultOutput.Text(low)} to {ResultOutput.Text(high)}.");
    }
}
