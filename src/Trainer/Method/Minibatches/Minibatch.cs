using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Minibatches;

/// <summary>
/// A minibatch as the networks see it: every distinct x_t once, in one batch, and which row each side of each sample starts from. Win and
/// lose transitions that start from the same x_t share one pass of the policy and one of the reference.
/// </summary>
/// <remarks>Shape letters: M samples, U rows, C channels, H and W latent rows and columns. All in the caller's dispose scope.</remarks>
sealed class Minibatch
{
    readonly IReadOnlyList<TrainingSample> samples;
    readonly List<Row> rows = [];
    readonly long[] winRows, loseRows;
    readonly Device device;

    /// <summary>A row: x_t or an image, of which sample and side.</summary>
    sealed record Row(Tensor Current, TrainingSample Sample, SampleBranch Branch);

    Minibatch(IReadOnlyList<TrainingSample> samples, Device device)
    {
        (this.samples, this.device, winRows, loseRows) = (samples, device, new long[samples.Count], new long[samples.Count]);
        for (int i = 0; i < samples.Count; i++)
        {
            var sample = samples[i];
            winRows[i] = Add(sample, sample.Win);
            loseRows[i] = sample.Lose is null || sample.SharesCurrent ? winRows[i] : Add(sample, sample.Lose);
        }
        Latents_UCHW = stack(rows.Select(r => r.Current).ToArray()).to(device);
        Timesteps_U = OfRows(r => r.Sample.Timestep);
    }

    /// <summary>x_t.</summary>
    public Tensor Latents_UCHW { get; private set; }

    /// <summary>t of each row, float32.</summary>
    public Tensor Timesteps_U { get; private set; }

    /// <summary>The prompt of each row.</summary>
    public IReadOnlyList<int> Prompts => [.. rows.Select(r => r.Sample.Id.PromptIndex)];

    /// <summary>SDXL: what is said of the size of each row's image; null where all have the size that the run samples in.</summary>
    public IReadOnlyList<SizeConditioning>? Sizes => rows[0].Branch.Size is null ? null : [.. rows.Select(r => r.Branch.Size!)];

    Tensor? Noise_UCHW { get; set; }

    Tensor? Target_UCHW { get; set; }

    /// <summary>Transitions, as they were sampled.</summary>
    public static Minibatch OfTransitions(IReadOnlyList<TrainingSample> samples, Device device) => new(samples, device);

    /// <summary>Images, noised: both sides of a pair to the same timestep with the same noise, drawn for this pass over the round.</summary>
    public static Minibatch OfImages(IReadOnlyList<TrainingSample> samples, int epoch, NoiseSchedule schedule, IRandomSource random, Device device)
    {
        var batch = new Minibatch(samples, device);
        var shape = batch.Latents_UCHW.shape;
        batch.Noise_UCHW = stack(batch.rows.Select(r => random.TrainingNoise(r.Sample.Id.Round, r.Sample.Id.PromptIndex, epoch, shape[1], shape[2], shape[3])).ToArray()).to(device);
        batch.Timesteps_U = batch.OfRows(r => random.TrainingTimestep(r.Sample.Id.Round, r.Sample.Id.PromptIndex, epoch, schedule.Config.NumTrainTimesteps));
        var clean_UCHW = batch.Latents_UCHW;
        var whole_U = batch.Timesteps_U.to(ScalarType.Int64);
        batch.Latents_UCHW = schedule.AddNoise(clean_UCHW, batch.Noise_UCHW, whole_U);
        batch.Target_UCHW = schedule.Target(clean_UCHW, batch.Noise_UCHW, whole_U);
        return batch;
    }

    /// <summary>What the objective is given.</summary>
    /// <param name="process">How x moves.</param>
    /// <param name="policy_UCHW">The policy's predictions, with their gradient.</param>
    /// <param name="reference_UCHW">The reference's.</param>
    /// <param name="slow_UCHW">The slow copy's.</param>
    /// <param name="candidateNoise">The noise that a candidate was drawn with, [C, H, W]; null if the objective does not ask for it.</param>
    /// <param name="advantages">Of each sample; null if the objective does not ask for them.</param>
    public ObjectiveInputs Inputs(
        IDiffusionProcess process, Tensor policy_UCHW, Tensor? reference_UCHW, Tensor? slow_UCHW, Func<SampleId, int, Tensor>? candidateNoise,
        IReadOnlyDictionary<SampleId, double>? advantages)
    {
        return new ObjectiveInputs
        {
            Process = process,
            Win = Side(winRows, s => s.Win),
            Lose = samples[0].Lose is null ? null : Side(loseRows, s => s.Lose!),
            Preference_M = samples.Any(s => s.IsTie) ? OfSamples(s => s.IsTie ? 0 : 1) : null,
            Advantage_M = advantages is null ? null : OfSamples(s => (float)advantages[s.Id with { Step = 0 }]),
            SampledLogProb_M = samples[0].Win.LogProb is null ? null : OfSamples(s => s.Win.LogProb!.Value),
        };

        SampleSide Side(long[] sideRows, Func<TrainingSample, SampleBranch> branch)
        {
            var rows_M = tensor(sideRows, device: device);
            Tensor? Take(Tensor? all_UCHW) => all_UCHW?.index_select(0, rows_M);
            Tensor? Stacked(Func<TrainingSample, Tensor> each) => stack(samples.Select(each).ToArray()).to(device);
            return new SampleSide
            {
                Timesteps_M = Take(Timesteps_U)!,
                Current_MCHW = Take(Latents_UCHW)!,
                Next_MCHW = branch(samples[0]).Next is null ? null : Stacked(s => branch(s).Next!),
                Noise_MCHW = Noise_UCHW is not null ? Take(Noise_UCHW) : candidateNoise is null ? null : Stacked(s => candidateNoise(s.Id, branch(s).Candidate)),
                Target_MCHW = Take(Target_UCHW),
                Policy_MCHW = Take(policy_UCHW)!,
                Reference_MCHW = Take(reference_UCHW),
                Slow_MCHW = Take(slow_UCHW),
            };
        }
    }

    /// <summary>Cuts a shuffled round into minibatches of samples of one size; all sizes alike, into consecutive ones.</summary>
    public static IEnumerable<TrainingSample[]> Cut(IReadOnlyList<TrainingSample> samples, long[] order, int size)
    {
        var waiting = new Dictionary<(long, long), List<TrainingSample>>();
        foreach (var sample in order.Select(i => samples[(int)i]))
        {
            var shape = sample.Win.Current.shape;
            if (!waiting.TryGetValue((shape[1], shape[2]), out var batch)) waiting[(shape[1], shape[2])] = batch = [];
            batch.Add(sample);
            if (batch.Count < size) continue;
            yield return [.. batch];
            batch.Clear();
        }
        foreach (var rest in waiting.Values.Where(b => b.Count > 0)) yield return [.. rest];
    }

    long Add(TrainingSample sample, SampleBranch branch)
    {
        rows.Add(new Row(branch.Current, sample, branch));
        return rows.Count - 1;
    }

    Tensor OfRows(Func<Row, double> value) => tensor(rows.Select(r => (float)value(r)).ToArray(), device: device);

    Tensor OfSamples(Func<TrainingSample, float> value) => tensor(samples.Select(value).ToArray(), device: device);
}
