using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Texts;

namespace SpoActors.Specification.Validation;

/// <summary>Collects what is wrong with a specification.</summary>
sealed partial class Findings
{
    public List<Problem> Problems { get; } = [];

    public void Add(string key, object found, string expected, string fix) =>
        Problems.Add(new Problem(key, Convert.ToString(found, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "nothing", expected, fix));

    public void Range(string key, int value, int low, int high, string fix)
    {
        if (value < low || value > high) Add(key, value, high == int.MaxValue ? $"{low} or more" : $"{low} to {high}", fix);
    }

    /// <summary>NaN is outside every range.</summary>
    public void Real(string key, double value, double low, double high, string expected, string fix)
    {
        if (!(value >= low && value <= high)) Add(key, value, expected, fix);
    }

    public void Path(string key, string path, bool mustExist, string expected)
    {
        if (path.Length == 0) Add(key, "", expected, "Name it in the configuration or with --set.");
        else if (mustExist && !File.Exists(path) && !Directory.Exists(path)) Add(key, $"'{path}', which does not exist", expected, "Correct the path.");
        else if (mustExist && File.Exists(path) && RegularFile.Obstacle(path) is { } obstacle) Add(key, $"'{path}': {obstacle}", expected, "Correct the path.");
    }

    /// <summary>What is wrong inside a prompts file.</summary>
    public void PromptsOf(PromptSpecification prompts)
    {
        var inside = new List<Problem>();
        PromptFile.Read(prompts, inside);
        Problems.AddRange(inside.Select(p => p with { Key = "prompts.path", Found = $"{p.Found} ({p.Key})" }));
    }

    /// <summary>The diffusion model, whatever it is used for.</summary>
    public void Model(ModelSpecification model, bool files)
    {
        Path("model.path", model.Path, files, "a diffusers folder or a single-file checkpoint");
        if (model.Vae is not null) Path("model.vae", model.Vae, files, "a VAE folder or file, or null");
        if (!DeviceName().IsMatch(model.Device)) Add("model.device", model.Device, "auto, cpu, cuda or cuda:N", "`spo doctor` lists this machine's devices.");
        if (model.Device == "cpu" && model.Dtype == NumberType.Float16)
            Add("model.dtype", "float16 on cpu", "float32 or bfloat16", "libtorch has no usable float16 on the CPU; use bfloat16.");
        Range("model.threads", model.Threads, 0, 4096, "0 takes all cores.");
    }

    /// <summary>A name that becomes a folder's.</summary>
    public void Name(string name)
    {
        if (!RunName.IsSpelled(name)) Add("name", name, RunName.Spelling, "It becomes a folder's name.");
        else if (name.Length > RunName.Longest) Add("name", string.Create(CultureInfo.InvariantCulture, $"{name.Length} characters"), $"at most {RunName.Longest}", "File systems have no longer names.");
    }

    /// <summary>The constants of AdamW that nobody's paper changes.</summary>
    public void Adam(double beta1, double beta2, double epsilon)
    {
        Real("optimizer.beta1", beta1, 0, 1 - 1e-12, "from 0, below 1", "The usual value is 0.9.");
        Real("optimizer.beta2", beta2, 0, 1 - 1e-12, "from 0, below 1", "The usual value is 0.999.");
        Real("optimizer.epsilon", epsilon, double.Epsilon, 1, "above 0", "The usual value is 1e-8.");
    }

    [GeneratedRegex(@"^(auto|cpu|cuda(:[0-9]{1,3})?)\z")]
    private static partial Regex DeviceName();
}
