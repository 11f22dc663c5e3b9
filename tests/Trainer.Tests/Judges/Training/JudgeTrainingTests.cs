using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges.Training;

public sealed class JudgeTrainingTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("judge").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    PreferenceTrainingSpecification Settings() => TinyJudge.Settings(folder);

    static (JudgeManifest Manifest, string ModelHash) Train(PreferenceTrainingSpecification settings, IRunProgress? progress = null, CancellationTokenSource? cancelled = null)
    {
        using var inputs = JudgeInputs.Check(settings);
        using var opened = JudgeFolder.Open(settings, resume: true);
        using var training = new JudgeTraining(settings, inputs.Load(), opened.Path, RunProgress.To(new JudgeMetricsFiles(opened.Path), progress ?? RunProgress.None), TimeProvider.System);
        return training.Execute(cancelled?.Token ?? TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Training_WhenItEnds_LeavesAModelThatARunTakes()
    {
        var settings = Settings();
        var (manifest, hash) = Train(settings);
        var model = Path.Combine(folder, "judge", "model");
        Assert.Equal(hash, AtomicFile.Hash(Path.Combine(model, "step_aware_preference_model.safetensors")));
        Assert.Equal((4, 16), (manifest.NextStep, manifest.Pairs));
        using var loaded = ClipJudgeLoading.Load(new JudgeSpecification { Path = model }, CPU);
        Assert.True(loaded.KnowsTimestep);

        var files = new JudgeMetricsFiles(Path.Combine(folder, "judge"));
        Assert.Equal([0, 1, 2, 3], files.Steps().Select(s => s.Step));
        Assert.Equal([(0, 0), (0, 501), (2, 0), (2, 501), (4, 0), (4, 501)], files.Validations().Select(v => (v.Step, v.Timestep)));
    }

    [Fact]
    public void StepConditioning_WhenTrainingBegins_LeavesThePlainModelsScores()
    {
        using var scope = NewDisposeScope();
        using var checkpoint = CheckpointFile.Open(Path.Combine(TinyJudge.PickScore(), "model.safetensors"));
        using var plain = ClipJudgeLoading.Load(new JudgeSpecification { Path = TinyJudge.PickScore(), Kind = JudgeKind.Clip }, CPU);
        var config = ((PlainClipJudge)plain).Network.Config;
        using var aware = new StepAwarePreferenceModel("spm",
            (Trainer.Models.Clip.TimeConditionedClipModel)JudgeNetwork.From(checkpoint, config, stepAware: true, seed: 1).Module,
            plain.Preprocessing, plain.Tokenizer);
        using var prompts = plain.Prepare(["a cat", "a dog", "a bird"]);
        var images = randn(3, 3, 64, 64);
        var expected = plain.Score(images, prompts, zeros(3, ScalarType.Int64));
        foreach (var t in new long[] { 0, 500, 999 })
            Assert.True(expected.allclose(aware.Score(images, prompts, full([3], t, ScalarType.Int64)), rtol: 1e-6, atol: 1e-6));
    }

    public static TheoryData<int> Moments => [.. Enumerable.Range(0, 13)];

    // Few events, so that every one of them can be the last.
    static PreferenceTrainingSpecification Short(string folder)
    {
        var settings = TinyJudge.Settings(folder);
        return settings with
        {
            Training = settings.Training with { Steps = 3, BatchSize = 2, MicroBatchSize = 2 },
            Validation = settings.Validation with { Pairs = 2, Timesteps = [501] },
        };
    }

    static readonly Lazy<(string Folder, (JudgeManifest Manifest, string ModelHash) Result)> Undisturbed = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("undisturbed").FullName;
        return (Path.Combine(folder, "judge"), Train(Short(folder)));
    });

    /// <summary>Ends the training as a crash would: at the n-th event, without a commit.</summary>
    sealed class Crash(int moment) : IRunProgress
    {
        int seen;

        public void Report(RunEvent runEvent)
        {
            if (runEvent is not RunMessage && seen++ == moment) throw new IOException("crash");
        }
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public void Resume_AfterACrashAtAnyMoment_EndsAsTheUndisturbedTraining(int moment)
    {
        // The same files: their paths belong to the configuration.
        var whole = Undisturbed.Value;
        var settings = Short(Path.GetDirectoryName(whole.Folder)!) with { Output = folder };
        try
        {
            Train(settings, new Crash(moment));
        }
        catch (IOException)
        {
        }
        var resumed = Train(settings);
        Assert.Equal(whole.Result.ModelHash, resumed.ModelHash);
        Assert.Equal(whole.Result.Manifest, resumed.Manifest);
        var (expected, actual) = (new JudgeMetricsFiles(whole.Folder), new JudgeMetricsFiles(Path.Combine(folder, "judge")));
        Assert.Equal(expected.Steps().Select(s => (s.Step, s.Loss)), actual.Steps().Select(s => (s.Step, s.Loss)));
        Assert.Equal(expected.Validations(), actual.Validations());
    }

    [Fact]
    public void Resume_AfterACancellation_EndsAsTheUndisturbedTraining()
    {
        var settings = Settings();
        var whole = Train(settings with { Name = "whole" });
        using var cancelled = new CancellationTokenSource();
        var progress = new CancelAt(cancelled, step: 2);
        Assert.Throws<OperationCanceledException>(() => Train(settings, progress, cancelled));
        Assert.Equal(whole.ModelHash, Train(settings).ModelHash);
    }

    sealed class CancelAt(CancellationTokenSource source, int step) : IRunProgress
    {
        public void Report(RunEvent runEvent)
        {
            if (runEvent is JudgeStepFinished finished && finished.Metrics.Step == step) source.Cancel();
        }
    }

    [Fact]
    public void Resume_WhenTheConfigurationDiffers_ListsTheKeys()
    {
        var settings = Settings() with { Validation = new JudgeValidationSpecification { Every = 0 } };
        Train(settings with { Training = settings.Training with { Steps = 1 } });
        var error = Assert.Throws<RunStateException>(() => Train(settings with { Training = settings.Training with { Steps = 2 }, Seed = 7 }));
        Assert.Contains("2 differing keys:\n  seed: 42 in the run's folder, 7 now\n  training.steps: 1 in the run's folder, 2 now", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MicroBatches_WhenTheyAreSmaller_GiveTheSameLosses()
    {
        var settings = Settings() with { Validation = new JudgeValidationSpecification { Every = 0 } };
        double[] Losses(int size)
        {
            Train(settings with { Name = $"micro{size}", Training = settings.Training with { MicroBatchSize = size } });
            return [.. new JudgeMetricsFiles(Path.Combine(folder, $"micro{size}")).Steps().Select(s => s.Loss)];
        }
        var (whole, parts) = (Losses(4), Losses(1));
        for (var i = 0; i < whole.Length; i++) Assert.Equal(1, parts[i] / whole[i], 1e-3);
    }

    [Fact]
    public void Precision_WhenItIsBFloat16_KeepsTheWeightsInFloat32AndResumes()
    {
        var settings = Settings() with { Validation = new JudgeValidationSpecification { Every = 0 } };
        settings = settings with { Training = settings.Training with { Precision = NumberType.BFloat16 } };
        var whole = Train(settings with { Name = "whole" });
        using var cancelled = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Train(settings, new CancelAt(cancelled, step: 1), cancelled));
        Assert.Equal(whole.ModelHash, Train(settings).ModelHash);

        Train(settings with { Name = "float32", Training = settings.Training with { Precision = NumberType.Float32 } });
        double[] Losses(string name) => [.. new JudgeMetricsFiles(Path.Combine(folder, name)).Steps().Select(s => s.Loss)];
        Assert.Equal(1, Losses("whole")[0] / Losses("float32")[0], 0.1);
    }

    [Fact]
    public void StepConditioning_WhenItIsOff_TrainsThePlainModel()
    {
        var settings = Settings() with { Validation = new JudgeValidationSpecification { Every = 0 } };
        Train(settings with { Start = settings.Start with { StepConditioning = false } });
        var model = Path.Combine(folder, "judge", "model");
        using var loaded = ClipJudgeLoading.Load(new JudgeSpecification { Path = model, Kind = JudgeKind.Clip }, CPU);
        Assert.False(loaded.KnowsTimestep);
        Assert.NotEqual(AtomicFile.Hash(Path.Combine(TinyJudge.PickScore(), "model.safetensors")), AtomicFile.Hash(Path.Combine(model, "model.safetensors")));
    }

    [Fact]
    public void Parity_WhenItIsAsked_WarmsUpAsTheOriginalDid()
    {
        var settings = Settings() with { Validation = new JudgeValidationSpecification { Every = 0 } };
        Train(settings with { Training = settings.Training with { Parity = true, Steps = 3 } });
        var rates = new JudgeMetricsFiles(Path.Combine(folder, "judge")).Steps().Select(s => s.LearningRate).ToArray();
        Assert.Equal((1e-3, 0.0), (rates[0], rates[1]));
    }

    [Fact]
    public void Labels_WhenTheStartModelGivesThem_DoNotDependOnTheFiles()
    {
        var settings = Settings() with { Validation = new JudgeValidationSpecification { Every = 0 } };
        settings = settings with { Labels = new LabelSpecification { Source = LabelSource.StartModel, Threshold = 0 }, Training = settings.Training with { Steps = 2 } };
        var first = Train(settings);
        var turned = Path.Combine(folder, "turned.parquet");
        PickAPicFile.Write(turned, [.. PickAPicFile.Read(settings.Data.Train[0]).Select(e => e with { Label0 = e.Label1, Label1 = e.Label0 })], rowsOfAGroup: 5);
        Assert.Equal(first.ModelHash, Train(settings with { Name = "turned", Data = settings.Data with { Train = [turned] } }).ModelHash);
    }

    [Fact]
    public void Training_WhenTheBaseModelIsSdxl_Runs()
    {
        var settings = Settings();
        var (manifest, _) = Train(settings with
        {
            Model = new ModelSpecification { Path = TinyJudge.Data("golden/spo/sdxl_a/pipeline"), Threads = 1 },
            Training = settings.Training with { Steps = 1 },
        });
        Assert.Equal(1, manifest.NextStep);
        Assert.All(new JudgeMetricsFiles(Path.Combine(folder, "judge")).Steps(), s => Assert.True(double.IsFinite(s.Loss)));
    }

    [Fact]
    public void Captions_WhenLongerThanTheContext_AreCutAndCounted()
    {
        var settings = Settings() with { Validation = new JudgeValidationSpecification { Every = 0 } };
        var path = Path.Combine(folder, "long.parquet");
        PickAPicFile.Write(path, [.. Enumerable.Range(0, 8).Select(i => TinyJudge.Example(i) with { Caption = i < 3 ? new string('x', 400) : "a cat" })]);
        List<string> warnings = [];
        var (manifest, _) = Train(settings with { Data = settings.Data with { Train = [path] }, Training = settings.Training with { Steps = 2 } }, new Warnings(warnings));
        Assert.Equal(3, manifest.CaptionsCut);
        Assert.Equal(["3 of 8 captions were longer than the preference model's context and were cut."], warnings);
    }

    sealed class Warnings(List<string> texts) : IRunProgress
    {
        public void Report(RunEvent runEvent)
        {
            if (runEvent is RunMessage { Level: MessageLevel.Warning } message) texts.Add(message.Text);
        }
    }

    [Fact]
    public void Inputs_WhenSeveralAreWrong_AreReportedTogether()
    {
        var settings = Settings();
        var broken = Path.Combine(folder, "broken.parquet");
        PickAPicFile.Write(broken, [TinyJudge.Example(1) with { Label0 = 3, Label1 = 3 }]);
        var error = Assert.Throws<SpecificationException>(() => JudgeInputs.Check(settings with
        {
            Model = settings.Model with { Path = TinyJudge.PickScore() },
            Start = new StartSpecification { Path = TinyJudge.Data("tiny/spm") },
            Data = settings.Data with { Train = [broken] },
        }));
        Assert.Equal(["start.path", "model.path", "data.train"], error.Problems.Select(p => p.Key));
        Assert.Contains("is a step-aware preference model (it has adaLN weights); expected a plain CLIP", error.Message, StringComparison.Ordinal);
        Assert.Contains("row 0: label_0 is 3 and label_1 is 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_WhenTheProcessorLacksFiles_NamesEach()
    {
        var settings = Settings();
        var empty = Directory.CreateDirectory(Path.Combine(folder, "empty")).FullName;
        var error = Assert.Throws<SpecificationException>(() => JudgeInputs.Check(settings with { Start = settings.Start with { Processor = empty } }));
        Assert.Equal(["start.processor", "start.processor"], error.Problems.Select(p => p.Key));
    }
}
