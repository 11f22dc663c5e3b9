using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Harness;

/// <summary>Comparisons with recorded outputs; collects every difference so that one run shows all of them.</summary>
public sealed class GoldenAssert(GoldenCase golden)
{
    /// <summary>
    /// Both the recording and our result are float32 runs, each as far from the float64 result as the recorded error, and the
    /// order of sums differs between two correct programs: four times the recorded error.
    /// </summary>
    const double Multiple = 4;

    /// <summary>Some recorded errors are exactly 0: at least four float32 roundings of the output's largest value are allowed.</summary>
    const double FloorUlps = 4;

    const double Float32Epsilon = 1.1920929e-7;

    const double Float64Epsilon = 2.220446049250313e-16;

    readonly List<string> differences = [];
    readonly HashSet<string> seen = [];

    public int Compared { get; private set; }

    /// <summary>Compares with the case's tensor of the same name, at that output's recorded tolerance.</summary>
    public void Close(string output, Tensor actual) => Close(output, actual, output);

    /// <summary>Compares with the case's tensor <paramref name="output"/> at the tolerance recorded as <paramref name="toleranceOf"/>.</summary>
    public void Close(string output, Tensor actual, string toleranceOf)
    {
        using var scope = NewDisposeScope();
        Close(output, actual, golden.Tensor(output), toleranceOf);
    }

    /// <summary>
    /// Compares an output without a recorded tolerance that has the same error as <paramref name="toleranceOf"/>; the floor goes by its
    /// own magnitude.
    /// </summary>
    public void CloseAtMagnitude(string output, Tensor actual, string toleranceOf)
    {
        using var scope = NewDisposeScope();
        var expected = golden.Tensor(output);
        var floor = FloorUlps * Float32Epsilon * expected.abs().max().item<float>();
        Within(output, actual, expected, Multiple * golden.Tolerance(toleranceOf).MaxError + floor);
    }

    /// <summary>
    /// Compares one of many outputs of the same kind (the gradients of all layers). The error recorded for one small tensor is a
    /// single draw, too small by chance for a few of hundreds: the kind's mean relative error counts where it is larger.
    /// </summary>
    public void CloseAsOneOf(IReadOnlyCollection<string> kind, string output, Tensor actual)
    {
        var (maxError, maxAbs) = golden.Tolerance(output);
        var typical = maxAbs * kind.Select(golden.Tolerance).Where(t => t.MaxAbs > 0).Average(t => t.MaxError / t.MaxAbs);
        using var scope = NewDisposeScope();
        Within(output, actual, golden.Tensor(output), Math.Max(Multiple * Math.Max(maxError, typical), FloorUlps * Float32Epsilon * maxAbs));
    }

    /// <summary>
    /// Compares an output that is computed from another one, which may be off already: that moves it by up to <paramref name="slope"/> times as much.
    /// </summary>
    public void CloseThrough(string output, Tensor actual, string through, double slope)
    {
        using var scope = NewDisposeScope();
        Within($"{output}, through {through}", actual, golden.Tensor(output), Allowed(output) + slope * Allowed(through));
    }

    public void Close(string what, Tensor actual, Tensor expected, string toleranceOf) => Within(what, actual, expected, Allowed(toleranceOf));

    /// <summary>
    /// Takes the bound that the notes of the objectives' cases give instead: four times the recorded error, and 1e-6 of the output's
    /// largest value, and 1e-9.
    /// </summary>
    public bool IsBoundAsNoted { get; set; }

    /// <summary>The largest difference that an output may have.</summary>
    public double Allowed(string toleranceOf)
    {
        var (maxError, maxAbs) = golden.Tolerance(toleranceOf);
        if (IsBoundAsNoted) return Multiple * maxError + 1e-6 * maxAbs + 1e-9;
        return Math.Max(Multiple * maxError, FloorUlps * Float32Epsilon * maxAbs);
    }

    public void Within(string what, Tensor actual, Tensor expected, double bound)
    {
        using var scope = NewDisposeScope();
        Compared++;
        seen.Add(what);
        if (!actual.shape.SequenceEqual(expected.shape))
        {
            differences.Add($"{what}: shape [{string.Join(", ", actual.shape)}], recorded [{string.Join(", ", expected.shape)}]");
            return;
        }
        if (expected.numel() == 0) return;
        var (a, e) = (actual.detach().cpu().to_type(ScalarType.Float64), expected.to_type(ScalarType.Float64));
        var sameNaN = a.isnan().eq(e.isnan()).all().item<bool>();
        // Infinities must agree exactly; their difference is NaN and counts as none.
        var error = (a - e).abs().nan_to_num(0, double.PositiveInfinity, double.PositiveInfinity).masked_fill(a.eq(e), 0).max().item<double>();
        if (!sameNaN || !(error <= bound))
            differences.Add($"{what}: largest difference {error:g4}, allowed {bound:g4} (recorded values up to {e.nan_to_num().abs().max().item<double>():g4})");
    }

    /// <summary>Compares two numbers that both are float64 results of the same few operations: within eight float64 roundings.</summary>
    public void Close(string what, double actual, double expected)
    {
        Compared++;
        if (!actual.Equals(expected) && !(Math.Abs(actual - expected) <= 8 * Float64Epsilon * Math.Abs(expected)))
            differences.Add($"{what}: {actual:r}, recorded {expected:r}");
    }

    public void Equal(string what, Tensor actual, Tensor expected)
    {
        using var scope = NewDisposeScope();
        Compared++;
        seen.Add(what);
        if (!actual.shape.SequenceEqual(expected.shape) || !actual.cpu().to_type(expected.dtype).eq(expected).all().item<bool>())
            differences.Add($"{what}: not equal to the recording");
    }

    public void Equal<T>(string what, T actual, T expected)
    {
        Compared++;
        if (!EqualityComparer<T>.Default.Equals(actual, expected)) differences.Add($"{what}: {actual}, recorded {expected}");
    }

    /// <summary>An error that is computed already; NaN is one too large.</summary>
    public void AtMost(string what, double error, double bound)
    {
        Compared++;
        if (!(error <= bound)) differences.Add($"{what}: {error:g4}, allowed {bound:g4}");
    }

    public void Fail(string difference) => differences.Add(difference);

    /// <summary>Fails for every output of the case that was not compared under its own name.</summary>
    public void NoOutputLeftOut()
    {
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateArray().Select(o => o.GetString()!).Where(o => !seen.Contains(o)))
            Fail($"the reader doesn't know the output '{output}'");
    }

    /// <summary>Fails the test with all differences; also when nothing at all was compared.</summary>
    public void Done()
    {
        Assert.True(differences.Count == 0,
            $"{golden.Area}/{golden.Name}: {differences.Count} of {Compared} comparisons differ\n  {string.Join("\n  ", differences.Take(40))}");
        Assert.True(Compared > 0, $"{golden.Area}/{golden.Name}: the reader compared nothing");
    }
}
