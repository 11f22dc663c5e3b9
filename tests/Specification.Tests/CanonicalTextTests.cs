using CsCheck;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class CanonicalTextTests
{
    static readonly Gen<RunSpecification> AnyRun =
        from texts in Gen.String.Array[4]
        from seed in Gen.ULong
        from numbers in Gen.Int.Array[3]
        from real in Gen.Double.Where(double.IsFinite).Array[3]
        from flags in Gen.Bool.Array[2]
        from choice in Gen.Int[0, 2]
        select new RunSpecification
        {
            Name = Whole(texts[0]),
            Seed = seed,
            Model = new ModelSpecification { Path = Whole(texts[1]), Vae = flags[0] ? Whole(texts[2]) : null, Dtype = (NumberType)choice, VaeTiling = flags[1] },
            Sampling = new SamplingSpecification { Steps = numbers[0], Eta = real[0], Height = flags[1] ? numbers[1] : null },
            Evaluation = new EvaluationSpecification { Prompts = [Whole(texts[3]), ""], Seeds = [seed, 0], Scheduler = (SchedulerKind)choice },
            Optimizer = new OptimizerSpecification
            {
                LearningRate = real[1],
                MaxGradNorm = flags[0] ? real[2] : null,
                LossScaling = (LossScaling)choice,
                Schedule = new ScheduleSpecification { Kind = (ScheduleKind)(2 * choice), Steps = flags[1] ? numbers[2] : null, Power = real[0] },
                Ema = new EmaSpecification { Decay = flags[0] ? real[1] : null, Ramp = (EmaRamp)choice },
            },
        };

    // A lone surrogate cannot be written in UTF-8, so no file can hold one.
    static string Whole(string text) => string.Concat(text.EnumerateRunes());

    [Fact]
    public void Writing_WhenReadAgain_GivesTheSameSpecification() => AnyRun.Sample(run =>
    {
        var text = SpecificationYaml.Write(run);
        var read = SpecificationYaml.Parse(text, "canonical");
        Assert.Equal(run.Name, read.Name);
        Assert.Equal(run.Model, read.Model);
        Assert.Equal(run.Sampling, read.Sampling);
        Assert.Equal(run.Optimizer, read.Optimizer);
        Assert.Equal(run.Evaluation.Prompts, read.Evaluation.Prompts);
        Assert.Equal(text, SpecificationYaml.Write(read));
    });

    [Fact]
    public void Writing_Always_HoldsEveryKeyOnce()
    {
        var text = SpecificationYaml.Write(new RunSpecification());
        Assert.Equal(SpecificationKeys.All.Select(k => k.Key), SpecificationYaml.Flatten(SpecificationYaml.Parse(text, "canonical")).Select(f => f.Key));
    }

    [Theory]
    [InlineData("name=other")]
    [InlineData("output=/elsewhere")]
    [InlineData("training.rounds=7")]
    [InlineData("training.epochs=99")]
    [InlineData("checkpoints.every=5")]
    [InlineData("evaluation.count=0")]
    [InlineData("pipeline.lease_seconds=9")]
    public void Identity_WhenKeyDoesNotChangeWhatIsComputed_StaysTheSame(string setting) =>
        Assert.Equal(SpecificationYaml.Identity(new RunSpecification()), SpecificationYaml.Identity(SpecificationYaml.Parse("", "test", [setting])));

    [Theory]
    [InlineData("seed=43")]
    [InlineData("sampling.steps=21")]
    [InlineData("pipeline.staleness=1")]
    [InlineData("model.path=other")]
    [InlineData("training.batch_size=3")]
    public void Identity_WhenKeyChangesWhatIsComputed_Differs(string setting) =>
        Assert.NotEqual(SpecificationYaml.Identity(new RunSpecification()), SpecificationYaml.Identity(SpecificationYaml.Parse("", "test", [setting])));
}
