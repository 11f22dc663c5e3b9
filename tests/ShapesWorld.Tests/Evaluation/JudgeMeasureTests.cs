using SpoActors.ShapesWorld.Evaluation;
using SpoActors.Trainer.Native;

namespace SpoActors.ShapesWorld.Tests.Evaluation;

public sealed class JudgeMeasureTests
{
    [Fact]
    public void ShareRight_WhenScoresFollowUtilities_IsOne() =>
        Assert.Equal([1, 1], JudgeAccuracy.ShareRight([[1, 5], [2, 4], [3, 3]], [[0.1f, 0.9f], [0.2f, 0.5f], [0.3f, 0.1f]]));

    [Fact]
    public void ShareRight_WhenPairsAreTies_LeavesThemOut() =>
        // First prompt: 1 and 1.1 are a tie, 3 beats both, one of them wrongly scored. Second prompt: all tied, so it does not count.
        Assert.Equal([0.5], JudgeAccuracy.ShareRight([[1, 2], [1.1, 2], [3, 2]], [[0.9f, 0], [0.1f, 1], [0.5f, 2]]));

    [Fact]
    public void Fit_WhenScoresAreLinear_FindsTheSlopes()
    {
        NativeLibtorch.EnsureLoaded();
        var random = new World.SceneRandom(3, World.WorldDraw.Noise, 0);
        var axes = Enumerable.Range(0, 50).Select(_ => new[] { random.Uniform(-1, 1), random.Uniform(-1, 1), random.Uniform(-1, 1), random.Uniform(-1, 1) }).ToArray();
        var point = JudgeSigns.Fit("judge", 501, axes, [.. axes.Select(a => -0.5 * a[0] - 2 * a[1] - a[2] - 0.25 * a[3])]);
        Assert.Equal([-0.5, -2, -1, -0.25, 1], [.. new[] { point.Blur, point.Noise, point.Desaturation, point.Flatness, point.Explained }.Select(v => Math.Round(v, 9))]);
        Assert.True(point.AreRight);
        Assert.False((point with { Flatness = 0.1 }).AreRight);
    }
}
