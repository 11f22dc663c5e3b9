using System.Security.Cryptography;
using System.Text;
using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class ConfigurationFileTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Repository.PathOf("config"), "*.yaml").Select(f => Path.GetFileName(f)!).Where(IsRun)];

    public static TheoryData<string> Presets =>
        [.. new[] { "methods", "shapes" }.SelectMany(folder => Directory.GetFiles(Repository.PathOf($"config/{folder}"), "*.yaml").Select(f => $"{folder}/{Path.GetFileName(f)}")).Order()];

    // Other configurations, such as a silo's, live in the same folder.
    static bool IsRun(string name) => File.ReadLines(Repository.PathOf($"config/{name}")).Any(line => line.StartsWith("sampling:", StringComparison.Ordinal));

    [Fact]
    public void Document_Always_EqualsWhatTheSpecificationSays()
    {
        var generated = ConfigurationDocument.Generate();
        if (Environment.GetEnvironmentVariable("SPO_UPDATE_DOCS") == "1") File.WriteAllText(ConfigurationDocument.Path, generated);
        Assert.Equal(File.ReadAllText(ConfigurationDocument.Path), generated);
    }

    [Fact]
    public void Document_Always_ExplainsEveryKey()
    {
        var lines = File.ReadAllLines(ConfigurationDocument.Path);
        Assert.All(SpecificationKeys.All.Concat(SpecificationKeys.AllOf(typeof(PreferenceTrainingSpecification))), key => Assert.True(lines.Any(l => l.StartsWith($"| `{key.Key}` |", StringComparison.Ordinal) && !l.EndsWith("|  |", StringComparison.Ordinal)), $"{key.Key} lacks a meaning"));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Configuration_WhenShipped_IsValid(string name)
    {
        var run = SpecificationYaml.Read(Repository.PathOf($"config/{name}"));
        Assert.Empty(SpecificationValidator.Validate(run, checkFiles: false));
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void Preset_WhenShipped_IsValidAndNamesItself(string file)
    {
        var run = SpecificationYaml.Read(Repository.PathOf($"config/{file}"));
        Assert.Empty(SpecificationValidator.Validate(run, checkFiles: false));
        Assert.Equal(Path.GetFileNameWithoutExtension(file), run.Name.StartsWith("shapes-", StringComparison.Ordinal) ? run.Name["shapes-".Length..] : run.Name);
        Assert.Contains($"run config/{file}", File.ReadAllText(Repository.PathOf($"config/{file}")), StringComparison.Ordinal);
    }

    /// <summary>A recipe is short, over a file that others change too: what comes out of both is held here.</summary>
    [Fact]
    public void Presets_Always_ResolveToWhatTheyDid() =>
        Assert.Equal(File.ReadAllLines(Repository.PathOf("tests/Specification.Tests/presets.sha256")), Directory.GetFiles(Repository.PathOf("config"), "*.yaml", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.PathOf("config"), file).Replace('\\', '/')).Where(file => file.StartsWith("methods/", StringComparison.Ordinal) || file.StartsWith("shapes/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(file => $"{HashOf(file)}  {file}"));

    /// <summary>Of all that is not at its default, so that a new setting changes nothing here.</summary>
    static string HashOf(string file)
    {
        var standard = SpecificationYaml.Flatten(new RunSpecification()).ToDictionary();
        var settings = SpecificationYaml.Flatten(SpecificationYaml.Read(Repository.PathOf($"config/{file}"))).Where(s => standard.GetValueOrDefault(s.Key) != s.Value);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(settings.Select(s => $"{s.Key}: {s.Value}\n")))));
    }

    /// <summary>The trainer holds a round together; the pipeline refuses one that it cannot.</summary>
    [Theory]
    [MemberData(nameof(Presets))]
    public void Preset_WhenShipped_HasRoundsThatThePipelineHolds(string file)
    {
        var run = SpecificationYaml.Read(Repository.PathOf($"config/{file}"));
        Assert.InRange(run.Training.PromptsPerRound, 1, run.Pipeline.PairCapacity * run.Sampling.BatchSize);
    }

    [Theory]
    [InlineData("methods")]
    [InlineData("shapes")]
    public void Presets_Always_CoverEveryMethod(string folder)
    {
        var kinds = Directory.GetFiles(Repository.PathOf($"config/{folder}"), "*.yaml").Select(f => SpecificationYaml.Read(f).Objective.Kind).Distinct().Order();
        Assert.Equal(["d3po", "ddpo", "diffusion_dpo", "grad_spo", "linear_dpo", "lpo", "mapo", "mspo", "sdpo", "spo"], kinds);
    }

    [Fact]
    public void ShapesPresets_OfOneWorld_RunFromTheRepositoryAndShareModelAndEvaluation()
    {
        var world = SpecificationFile.Load(Repository.PathOf("config/shapes.yaml"));
        Assert.All(Directory.GetFiles(Repository.PathOf("config/shapes"), "*.yaml"), file =>
        {
            var run = SpecificationFile.Load(file);
            Assert.Equal(world.Model, run.Model);
            Assert.Equal(world.Seed, run.Seed);
            Assert.Equal(SpecificationYaml.Write(world.Evaluation), SpecificationYaml.Write(run.Evaluation));
        });
    }

    [Fact]
    public void ShapesSpo_Always_ComputesWhatTheFirstCommandDoes()
    {
        var (first, preset) = (Resolved("config/shapes.yaml"), Resolved("config/shapes/spo.yaml"));
        Assert.Equal(SpecificationYaml.Identity(first), SpecificationYaml.Identity(preset));

        static RunSpecification Resolved(string file)
        {
            var run = SpecificationFile.Load(Repository.PathOf(file));
            return run with { Objective = ObjectiveKinds.Resolve(run.Objective) };
        }
    }

    [Theory]
    [InlineData("sd15.yaml")]
    [InlineData("sdxl.yaml")]
    [InlineData("tiny.yaml")]
    public void Configuration_WhenShipped_HoldsEveryKeyWithAComment(string name) => AssertComplete(name, typeof(RunSpecification));

    [Theory]
    [InlineData("train-spm.yaml")]
    [InlineData("shapes-spm.yaml")]
    public void PreferenceTraining_WhenShipped_IsValidAndHoldsEveryKeyWithAComment(string name)
    {
        AssertComplete(name, typeof(PreferenceTrainingSpecification));
        Assert.Empty(PreferenceTrainingValidator.Validate(SpecificationYaml.Read<PreferenceTrainingSpecification>(Repository.PathOf($"config/{name}")), checkFiles: false));
    }

    [Fact]
    public void TrainSpm_Always_CarriesThePapersSettings()
    {
        var training = SpecificationYaml.Read<PreferenceTrainingSpecification>(Repository.PathOf("config/train-spm.yaml"));
        Assert.Equal((3e-6, 500, 0.3, 1.0), (training.Optimizer.LearningRate, training.Optimizer.WarmupSteps, training.Optimizer.WeightDecay, training.Optimizer.MaxGradNorm));
        Assert.Equal((8000, 64, NumberType.BFloat16), (training.Training.Steps, training.Training.BatchSize, training.Training.Precision));
        Assert.Equal((0, 999, 5.0), (training.Distortion.FirstTimestep, training.Distortion.LastTimestep, training.Distortion.GuidanceScale));
        Assert.Equal([0, 251, 501, 701, 951], training.Validation.Timesteps);
    }

    static void AssertComplete(string name, Type specification)
    {
        const int Indent = 2;
        var path = new List<string>();
        var seen = new HashSet<string>();
        var commented = false;
        foreach (var line in File.ReadLines(Repository.PathOf($"config/{name}")))
        {
            var text = line.Trim();
            if (text.StartsWith('#')) commented = true;
            else if (text.Length == 0) commented = false;
            else
            {
                Assert.True(commented, $"{name}: '{text}' lacks a comment");
                commented = false;
                var depth = (line.Length - line.TrimStart().Length) / Indent;
                path = [.. path.Take(depth), text.Split(':')[0]];
                if (!text.EndsWith(':')) seen.Add(string.Join('.', path));
            }
        }
        Assert.Equal(SpecificationKeys.AllOf(specification).Select(k => k.Key).Order(), seen.Order());
    }

    [Fact]
    public void Sd15_Always_CarriesThePapersSettings()
    {
        var run = SpecificationYaml.Read(Repository.PathOf("config/sd15.yaml"));
        Assert.Equal((20, 1.0, 5.0, 4, 4, 0), (run.Sampling.Steps, run.Sampling.Eta, run.Sampling.GuidanceScale, run.Sampling.Candidates, run.Sampling.DivertStartStep, run.Sampling.InnerSteps));
        Assert.Equal((10, 10, 10, 1, 10), (run.Sampling.BatchSize, run.Training.PromptsPerRound, run.Training.BatchSize, run.Training.GradientAccumulation, run.Training.Epochs));
        Assert.Equal((0.3, 10.0, 0.1, 4, 6e-5, 1e-4), (run.Pairs.Threshold, run.Objective.Beta, run.Objective.Eps, run.Lora.Rank, run.Optimizer.LearningRate, run.Optimizer.WeightDecay));
    }

    [Fact]
    public void Sdxl_Always_CarriesThePapersSettings()
    {
        var run = SpecificationYaml.Read(Repository.PathOf("config/sdxl.yaml"));
        Assert.Equal((20, 1.0, 5.0, 2, 4, 3), (run.Sampling.Steps, run.Sampling.Eta, run.Sampling.GuidanceScale, run.Sampling.Candidates, run.Sampling.DivertStartStep, run.Sampling.InnerSteps));
        Assert.Equal((2, 2, 2, 2, 10), (run.Sampling.BatchSize, run.Training.PromptsPerRound, run.Training.BatchSize, run.Training.GradientAccumulation, run.Training.Epochs));
        Assert.Equal((0.4, 10.0, 0.1, 64, 1e-5), (run.Pairs.Threshold, run.Objective.Beta, run.Objective.Eps, run.Lora.Rank, run.Optimizer.LearningRate));
    }
}
