using System.Security.Cryptography;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Method;

namespace SpoActors.Grains.Tests.Fakes;

/// <summary>What a run must end with: the same stages, one after the other, without anything of the pipeline between them.</summary>
public sealed record SequentialReference(string AdapterHash, string ConsumedDigest, long Pairs)
{
    static readonly WorkerId Nobody = new("-", "-", WorkerRole.Trainer);

    public static SequentialReference Of(RunSpecification run, IReadOnlyList<string> prompts)
    {
        var plan = new RunPlan(SpecificationYaml.Write(run), TrainingPrompts.Of(prompts));
        var folder = Directory.CreateTempSubdirectory("spo-reference");
        using var sampler = new FakeSampler(run, new FakeBehaviour());
        using var scorer = new FakeScorer(new FakeBehaviour());
        using var trainer = new FakeTrainer(folder.FullName, new FakeBehaviour());
        var versions = new List<byte[]> { trainer.ExportAdapter() };
        for (int round = 0; round < plan.Schedule.RoundCount; round++)
        {
            var version = Math.Max(0, round - run.Pipeline.Staleness);
            sampler.UseAdapter(versions[version]);
            var roundPrompts = plan.Schedule.Round(round);
            var pools = new List<ScoredPoolMessage>();
            foreach (var item in plan.Schedule.Items(round))
                sampler.Sample(
                    new ItemLease(
                        new LeaseId(new ItemId("run", round, item.Index), 0), new AdapterReference(version, "", 0), item.PromptIndices,
                        [.. item.PromptIndices.Select(i => roundPrompts[i])], item.Rows, Nobody, Nobody, default, TimeSpan.Zero),
                    pool => pools.Add(scorer.Score(pool)), CancellationToken.None);
            trainer.TrainRound(round, roundPrompts, [.. pools.InOrder()], CancellationToken.None);
            versions.Add(trainer.ExportAdapter());
        }
        folder.Delete(recursive: true);
        return new SequentialReference(Convert.ToHexStringLower(SHA256.HashData(versions[^1])), trainer.Totals.Digest, trainer.Totals.Pairs);
    }
}
