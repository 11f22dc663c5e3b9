using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class FlowTests
{
    const string Generated = "model: { path: m }\njudge: { path: p }\nprompts: { path: q }\n", Own = "model: { path: m }\ndata: { path: d }\n";

    static string[] Problems(string text, params string[] settings) =>
        [.. SpecificationValidator.Validate(SpecificationYaml.Parse(text, "test", settings), checkFiles: false).Select(p => p.ToString())];

    [Theory]
    [InlineData("diffusion_dpo"), InlineData("mapo"), InlineData("sdpo"), InlineData("linear_dpo")]
    public void OwnPairs_WithNothingButModelAndData_AreValid(string kind) => Assert.Empty(Problems(Own, $"objective.kind={kind}"));

    [Fact]
    public void OwnPairs_WithoutAPath_AreAskedForIt() =>
        Assert.StartsWith("data.path: found nothing; expected a parquet file or a folder of them,", Assert.Single(Problems("model: { path: m }", "objective.kind=mapo")), StringComparison.Ordinal);

    [Fact]
    public void OwnPairs_WhenTheJudgeIsToDecide_NeedAJudgeAndNoPrompts()
    {
        Assert.StartsWith("judge.path: found nothing;", Assert.Single(Problems(Own, "objective.kind=mapo", "data.relabel=true")), StringComparison.Ordinal);
        Assert.Empty(Problems(Own, "objective.kind=mapo", "data.relabel=true", "judge.path=p"));
    }

    [Theory]
    [InlineData("objective.kind=spo", "flow=trajectories", "flow: found trajectories; expected step_pools with objective.kind spo. Leave it null for the objective's own flow. From trajectories train d3po, ddpo")]
    [InlineData("objective.kind=ddpo", "flow=step_pools", "flow: found step_pools; expected trajectories with objective.kind ddpo.")]
    [InlineData("objective.kind=spo", "data.path=d", "data.path: found d; expected nothing with flow step_pools. Remove it, or train from own pairs with diffusion_dpo, linear_dpo, mapo, sdpo")]
    [InlineData("objective.kind=d3po", "sampling.next=best", "sampling.next: found best; expected random with flow trajectories.")]
    [InlineData("objective.kind=ddpo", "sampling.inner_steps=2", "sampling.inner_steps: found 2; expected 0 with flow trajectories.")]
    [InlineData("objective.kind=spo", "sampling.same_start=true", "sampling.same_start: found true; expected false with flow step_pools.")]
    public void Setting_WhenTheFlowCannotUseIt_IsNamedWithWhatItCan(string kind, string setting, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Problems(Generated, kind, setting)), StringComparison.Ordinal);

    [Fact]
    public void ThresholdRule_WithoutSteps_IsRefused() =>
        Assert.StartsWith("pairs.threshold_rule: found sigma; expected fixed with flow trajectories.",
            Assert.Single(Problems(Generated, "objective.kind=d3po", "pairs.threshold_rule=sigma", "pairs.threshold_max=0.6")), StringComparison.Ordinal);

    [Fact]
    public void Objective_WhenItNeedsAnotherFlow_IsReportedWithEverythingElse()
    {
        var problems = Problems("model: { path: m }", "objective.kind=spo", "flow=own_pairs", "sampling.next=worst", "training.batch_size=0");
        Assert.Equal(["flow", "sampling.next", "data.path", "training.batch_size"], problems.Select(p => p[..p.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData("{ kind: vote, members: [{ path: p }, { path: q }] }", "judge.kind")]
    [InlineData("{ kind: sum, members: [{ path: p }, { kind: vote, members: [{ path: p }, { path: q }] }] }", "judge.members[1].kind")]
    public void Vote_WhenScoresAreRewards_IsRefused(string judge, string key)
    {
        var text = $"model: {{ path: m }}\nprompts: {{ path: q }}\njudge: {judge}";
        Assert.StartsWith($"{key}: found vote; expected a judge that scores each image by itself with objective.kind ddpo.", Assert.Single(Problems(text, "objective.kind=ddpo")), StringComparison.Ordinal);
        Assert.Empty(Problems(text, "objective.kind=d3po"));
    }
}
