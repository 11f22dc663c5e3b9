using SpoActors.Specification;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Lora;

public sealed class LoraAdapterTests
{
    static readonly LoraSpecification Rank2 = new() { Rank = 2 };

    static LoraAdapter Attach(UNet2DCondition model, LoraSpecification? specification = null) =>
        LoraAdapter.Attach(model, specification ?? Rank2, (_, shape) => TinyUNet.Normal(5, shape));

    static LoraAdapter Trained(UNet2DCondition model)
    {
        var adapter = Attach(model);
        using var noGradient = no_grad();
        foreach (var parameter in adapter.Parameters) parameter.add_(0.1);
        return adapter;
    }

    [Fact]
    public void Adapter_WhenFresh_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        var before = TinyUNet.Run(model);
        using var adapter = Attach(model);
        Assert.True(TinyUNet.SameBits(before, TinyUNet.Run(model)));
    }

    [Fact]
    public void Adapter_WhenFresh_HasADeviationOfOneByRankAndFloat32()
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create(dtype: ScalarType.BFloat16);
        using var adapter = LoraAdapter.Attach(model, new LoraSpecification { Rank = 8 }, (_, shape) => ones(shape));
        Assert.All(adapter.Export().Values, f =>
        {
            Assert.Equal(ScalarType.Float32, f.A.dtype);
            Assert.True(f.A.eq(1f / 8).all().item<bool>());
            Assert.True(f.B.eq(0).all().item<bool>());
            Assert.Equal(8, f.Alpha);
        });
    }

    [Fact]
    public void Adapter_WhenDisabled_IsTheBaseModelBitForBitAndComesBack()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        var before = TinyUNet.Run(model);
        using var adapter = Trained(model);
        var on = TinyUNet.Run(model);

        Tensor off;
        using (adapter.Disabled()) off = TinyUNet.Run(model);

        Assert.True(TinyUNet.SameBits(before, off));
        Assert.False(TinyUNet.SameBits(before, on));
        Assert.True(TinyUNet.SameBits(on, TinyUNet.Run(model)));
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.1)]
    public void Adapter_WhenMergedAndUnmerged_IsExactlyWhatItWas(ScalarType dtype, double bound)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create(dtype: dtype);
        using var adapter = Trained(model);
        var (weights, on) = (model.state_dict().Values.Select(t => t.clone()).ToList(), Run());

        adapter.Merge();
        var merged = Run();
        adapter.Unmerge();

        Assert.InRange(TinyUNet.Distance(on, merged), 0, bound);
        Assert.True(TinyUNet.SameBits(on, Run()));
        Assert.All(weights.Zip(model.state_dict().Values), w => Assert.True(TinyUNet.SameBits(w.First, w.Second)));

        Tensor Run() => model.call(TinyUNet.Sample().to_type(dtype), TinyUNet.Timesteps, new(TinyUNet.Text.EncoderHiddenStates.to_type(dtype)));
    }

    [Fact]
    public void Adapter_WhenMergedAndDisabled_IsTheBaseModel()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        var before = TinyUNet.Run(model);
        using var adapter = Trained(model);
        adapter.Merge();
        using (adapter.Disabled()) Assert.True(TinyUNet.SameBits(before, TinyUNet.Run(model)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Adapter_WhileUsingOtherValues_ComputesWithThemAndComesBackBitForBit(bool merged)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        using var adapter = Trained(model);
        var slow = adapter.NamedParameters.ToDictionary(p => p.Name, p => p.Parameter * 0.5);
        if (merged) adapter.Merge();
        var (before, values) = (TinyUNet.Run(model), adapter.Parameters.Select(p => p.clone()).ToList());

        Tensor with, off;
        IReadOnlyDictionary<string, LoraFactors> exported;
        using (adapter.Using(slow))
        {
            with = TinyUNet.Run(model);
            exported = adapter.Export();
            using (adapter.Disabled()) off = TinyUNet.Run(model);
        }

        Assert.True(TinyUNet.SameBits(before, TinyUNet.Run(model)));
        Assert.All(adapter.Parameters.Zip(values), p => Assert.True(TinyUNet.SameBits(p.First, p.Second)));
        adapter.Unmerge();
        adapter.Import(exported);
        Assert.True(TinyUNet.SameBits(with, TinyUNet.Run(model)));
        Assert.False(TinyUNet.SameBits(before, with));
        using (adapter.Disabled()) Assert.True(TinyUNet.SameBits(off, TinyUNet.Run(model)));
    }

    [Fact]
    public void Adapter_WhileUsingOtherValues_KeepsItsGradients()
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create();
        using var adapter = Trained(model);
        TinyUNet.Run(model).square().mean().backward();
        var gradients = adapter.Parameters.Select(p => p.grad!.clone()).ToList();
        using (no_grad())
        using (adapter.Using(adapter.NamedParameters.ToDictionary(p => p.Name, p => p.Parameter * 0.5)))
            TinyUNet.Run(model);
        Assert.All(adapter.Parameters.Zip(gradients), p => Assert.True(TinyUNet.SameBits(p.First.grad!, p.Second)));
    }

    [Fact]
    public void Using_InsideUsing_GoesBackOneStepAtATime()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        using var adapter = Trained(model);
        var slow = adapter.NamedParameters.ToDictionary(p => p.Name, p => p.Parameter * 0.5);
        var slower = adapter.NamedParameters.ToDictionary(p => p.Name, p => p.Parameter * 0.25);
        using (adapter.Using(slow))
        {
            var with = TinyUNet.Run(model);
            using (adapter.Using(slower)) Assert.False(TinyUNet.SameBits(with, TinyUNet.Run(model)));
            Assert.True(TinyUNet.SameBits(with, TinyUNet.Run(model)));
            Assert.Throws<InvalidOperationException>(adapter.Merge);
        }
    }

    [Fact]
    public void Using_ValuesOfAnotherAdapter_NamesWhatDiffers()
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create();
        using var adapter = Attach(model);
        var values = adapter.NamedParameters.ToDictionary(p => p.Name, p => (Tensor)p.Parameter);
        var (first, second) = (adapter.NamedParameters[0].Name, adapter.NamedParameters[1].Name);
        values.Remove(first);
        values[second] = zeros(1);
        values["other"] = zeros(1);
        var error = Assert.Throws<LoraException>(() => adapter.Using(values));
        foreach (var name in new[] { first, second, "other" }) Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Adapter_WhenAttached_IsNoPartOfTheStateDict()
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create();
        var keys = model.state_dict().Keys.ToList();
        using var adapter = Attach(model);
        Assert.Equal(keys, model.state_dict().Keys);
        Assert.Equal(adapter.NamedParameters.Select(p => p.Name).Order(StringComparer.Ordinal).Count(), adapter.Parameters.Count);
        Assert.Equal(adapter.Paths.Order(StringComparer.Ordinal), adapter.Paths);
    }

    [Fact]
    public void Adapter_WhenImportingAnExport_ComputesTheSame()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        IReadOnlyDictionary<string, LoraFactors> exported;
        Tensor expected;
        using (var trained = Trained(model)) (exported, expected) = (trained.Export(), TinyUNet.Run(model));

        using var fresh = Attach(model);
        fresh.Import(exported);

        Assert.True(TinyUNet.SameBits(expected, TinyUNet.Run(model)));
    }

    [Fact]
    public void Adapter_WhenDisposed_LeavesTheModelAsItWas()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        var before = TinyUNet.Run(model);
        Trained(model).Dispose();
        Assert.True(TinyUNet.SameBits(before, TinyUNet.Run(model)));
    }

    [Fact]
    public void Attach_WhenTargetsDoNotFit_ListsThemAll()
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create();
        var error = Assert.Throws<LoraException>(() => Attach(model, Rank2 with { TargetModules = ["to_q", "to_z", "conv1"] }));
        Assert.Contains("'to_z' is the end of no module's path; linear layers end in", error.Message, StringComparison.Ordinal);
        Assert.Contains("to_out.0", error.Message, StringComparison.Ordinal);
        Assert.Contains("'conv1' matches 'down_blocks.0.resnets.0.conv1', a Convolution2d", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attach_WhenFactorsDoNotFit_NamesLayerAndShapes()
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create();
        const string path = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
        var factors = new Dictionary<string, LoraFactors> { [path] = new(zeros(4, 99), zeros(16, 4), 4), ["nowhere.to_q"] = new(zeros(4, 8), zeros(8, 4), 4) };
        var error = Assert.Throws<LoraException>(() => LoraAdapter.Attach(model, factors));
        Assert.Contains($"'{path}': A is [4, 99] and B [16, 4]; expected [rank, 16] and [16, rank]", error.Message, StringComparison.Ordinal);
        Assert.Contains("'nowhere.to_q' is no linear layer of the model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attach_WhenThereIsAnAdapterAlready_Refuses()
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create();
        using var first = Attach(model);
        Assert.Throws<LoraException>(() => Attach(model));
    }

    [Fact]
    public void Training_WhenIterated_KeepsTheNumberOfLiveTensors()
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create();
        using var adapter = Trained(model);
        Step();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 5; i++) Step();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        void Step()
        {
            using var step = NewDisposeScope();
            TinyUNet.Run(model).square().mean().backward();
            foreach (var parameter in adapter.Parameters) parameter.grad = null;
        }
    }
}
