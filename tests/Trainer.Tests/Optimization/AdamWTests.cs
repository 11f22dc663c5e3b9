using SpoActors.Specification;
using SpoActors.Trainer.Optimization;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Trainer.Tests.Optimization;

public sealed class AdamWTests
{
    static readonly OptimizerSpecification Settings = new() { LearningRate = 1e-2, WeightDecay = 0.01 };

    // libtorch's C++ optimizer rounds the first moment in another order than PyTorch's Python one, which ours follows.
    [Fact]
    public void Steps_WithTheSameGradients_EqualLibtorchsOptimizerUpToRounding()
    {
        using var scope = NewDisposeScope();
        var ours = Parameters();
        var theirs = Parameters();
        using var optimizer = new AdamW(ours, Settings);
        using var libtorch = optim.AdamW(theirs.Select(p => p.Parameter), Settings.LearningRate, Settings.Beta1, Settings.Beta2, Settings.Epsilon, Settings.WeightDecay);
        for (var step = 0; step < 5; step++)
        {
            Backward(ours, step);
            Backward(theirs, step);
            optimizer.Step();
            optimizer.ZeroGrad();
            libtorch.step();
            foreach (var (_, parameter) in theirs) parameter.grad = null;
        }
        foreach (var (name, parameter) in theirs)
            Assert.True(parameter.allclose(ours.Single(o => o.Name == name).Parameter, rtol: 1e-6, atol: 1e-7), name);
    }

    [Fact]
    public void Training_WhenSavedAndResumed_EndsBitForBitTheSame()
    {
        using var scope = NewDisposeScope();
        var straight = Parameters();
        using var first = new AdamW(straight, Settings);
        Run(first, straight, 0, 3);
        var saved = first.State().ToDictionary(s => s.Key, s => s.Value.clone());
        var resumed = straight.Select(p => (p.Name, new Parameter(p.Parameter.detach().clone()))).ToArray();
        Run(first, straight, 3, 6);

        using var second = new AdamW(resumed, Settings);
        second.LoadState(saved);
        Run(second, resumed, 3, 6);
        AssertEqual(straight, resumed);
    }

    [Fact]
    public void Step_WithClipping_ReturnsTheNormBeforeItAndScalesTheGradients()
    {
        using var scope = NewDisposeScope();
        Parameter a = new(zeros(1)), b = new(zeros(1));
        using var optimizer = new AdamW([("a", a), ("b", b)], Settings with { MaxGradNorm = 1 });
        (3 * a + 4 * b).sum().backward();
        Assert.Equal(5, optimizer.Step(), 1e-6);
        Assert.Equal(0.6f, a.grad!.item<float>(), 1e-5f);
        Assert.Equal(0.8f, b.grad!.item<float>(), 1e-5f);
    }

    [Fact]
    public void Step_WithAGradientBelowTheLimit_LeavesItAsItIs()
    {
        using var scope = NewDisposeScope();
        var a = new Parameter(zeros(1));
        using var optimizer = new AdamW([("a", a)], Settings with { MaxGradNorm = 10 });
        (3 * a).sum().backward();
        Assert.Equal(3, optimizer.Step());
        Assert.Equal(3, a.grad!.item<float>());
    }

    [Fact]
    public void Step_WithANanGradient_NamesItAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        Parameter good = new(ones(2)), bad = new(ones(2));
        using var optimizer = new AdamW([("good", good), ("bad", bad)], Settings);
        (good.sum() + (bad * float.NaN).sum()).backward();
        var error = Assert.Throws<NotFiniteNumberException>(() => optimizer.Step());
        Assert.Contains("not finite: bad.", error.Message, StringComparison.Ordinal);
        Assert.Equal([1f, 1f], good.data<float>().ToArray());
    }

    // clip_grad_norm_ alone would make the finite gradients 0 and the infinite one NaN.
    [Fact]
    public void Step_WithAnInfiniteGradientAndClipping_IsRefusedBeforeAnythingIsClipped()
    {
        using var scope = NewDisposeScope();
        Parameter good = new(ones(2)), bad = new(ones(1));
        using var optimizer = new AdamW([("good", good), ("bad", bad)], Settings with { MaxGradNorm = 1 });
        (good.sum() * 3 + bad.sum() * float.PositiveInfinity).backward();
        var error = Assert.Throws<NotFiniteNumberException>(() => optimizer.Step());
        Assert.Contains("not finite: bad. No parameter was changed. Lower optimizer.learning_rate", error.Message, StringComparison.Ordinal);
        Assert.Equal([1f, 1f], good.data<float>().ToArray());
        Assert.Equal([3f, 3f], good.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Step_OfAParameterWithoutGradient_LeavesItAlone()
    {
        using var scope = NewDisposeScope();
        Parameter used = new(ones(1)), idle = new(ones(1));
        using var optimizer = new AdamW([("used", used), ("idle", idle)], Settings);
        used.sum().backward();
        optimizer.Step();
        Assert.NotEqual(1f, used.item<float>());
        Assert.Equal(1f, idle.item<float>());
    }

    [Fact]
    public void ZeroGrad_AfterAStep_FreesTheGradients()
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters();
        using var optimizer = new AdamW(parameters, Settings);
        Run(optimizer, parameters, 0, 1);
        Assert.All(parameters, p => Assert.Null(p.Parameter.grad));
    }

    [Fact]
    public void LoadState_OfOtherParameters_ListsEverythingThatIsWrong()
    {
        using var scope = NewDisposeScope();
        using var optimizer = new AdamW([("a", new Parameter(zeros(2)))], Settings);
        var error = Assert.Throws<ArgumentException>(() => optimizer.LoadState(new Dictionary<string, Tensor>
        {
            ["step"] = tensor(new long[] { 1 }),
            ["exp_avg.a"] = zeros(3),
            ["exp_avg.b"] = zeros(2),
        }));
        Assert.StartsWith("the optimizer's state is not of these parameters: exp_avg_sq.a is missing; exp_avg.b is not expected; " +
            "exp_avg.a is Float32 [3], expected Float32 [2]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_InASmallerTypeOrWithOneNameTwice_AreRefused()
    {
        using var scope = NewDisposeScope();
        Parameter small = new(zeros(1, ScalarType.BFloat16)), other = new(zeros(1));
        var error = Assert.Throws<ArgumentException>(() => new AdamW([("a", small), ("b", other), ("b", other)], Settings));
        Assert.Contains("a is BFloat16; expected Float32", error.Message, StringComparison.Ordinal);
        Assert.Contains("b occurs 2 times", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_OverManyIterations_LeaveNoTensorsBehind()
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters();
        using var optimizer = new AdamW(parameters, Settings);
        Run(optimizer, parameters, 0, 2);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 20; i++)
        {
            using var iteration = NewDisposeScope();
            Run(optimizer, parameters, 0, 1);
        }
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    static void Run(AdamW optimizer, (string Name, Parameter Parameter)[] parameters, int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            Backward(parameters, step);
            optimizer.Step();
            optimizer.ZeroGrad();
        }
    }

    static (string Name, Parameter Parameter)[] Parameters()
    {
        var generator = new Generator(11, CPU);
        return [("lora_B", new Parameter(randn([7, 5], generator: generator))), ("lora_A", new Parameter(randn([33], generator: generator)))];
    }

    static void Backward((string Name, Parameter Parameter)[] parameters, int step)
    {
        using var scope = NewDisposeScope();
        var loss = zeros(1);
        foreach (var (_, parameter) in parameters) loss += (parameter * (step + 1)).sin().sum();
        loss.backward();
    }

    static void AssertEqual((string Name, Parameter Parameter)[] expected, (string Name, Parameter Parameter)[] actual)
    {
        foreach (var (name, parameter) in expected)
            Assert.True(parameter.eq(actual.Single(a => a.Name == name).Item2).all().item<bool>(), name);
    }
}
