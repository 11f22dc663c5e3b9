using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints;

public sealed class ModuleLoadingTests
{
    [Fact]
    public void Load_IntoEveryKindOfLayerOnMeta_ReplacesValuesAndState()
    {
        using var scope = NewDisposeScope();
        var source = new FakeSource(new Every(CPU));
        var model = ModuleLoading.Load(new Every(META), source);

        var state = model.state_dict();
        Assert.Equal(source.Tensors.Keys.Order(), state.Keys.Order());
        Assert.All(state, entry => Assert.True(entry.Value.eq(source.Load(entry.Key)).all().item<bool>(), entry.Key));
        Assert.All(model.parameters(), p => Assert.False(p.requires_grad));
        Assert.True(model.call(ones(1, 4)).isfinite().all().item<bool>());
    }

    [Fact]
    public void Load_WithAnotherType_Converts()
    {
        using var scope = NewDisposeScope();
        var model = ModuleLoading.Load(new Every(META), new FakeSource(new Every(CPU)), new LoadOptions { Dtype = ScalarType.BFloat16 });
        Assert.All(model.parameters(), p => Assert.Equal(ScalarType.BFloat16, p.dtype));
    }

    [Fact]
    public void Load_WhenKeysDoNotFit_ListsAllOfThem()
    {
        using var scope = NewDisposeScope();
        var source = new FakeSource(new Every(CPU));
        source.Remove("norm.bias");
        source.Put("stray", ones(1));
        source.Put("token.weight", ones(2, 2));
        source.Put("x.position_ids", ones(1));
        var error = Assert.Throws<CheckpointException>(() => ModuleLoading.Load(new Every(META), source));
        Assert.Contains("1 missing: norm.bias", error.Message, StringComparison.Ordinal);
        Assert.Contains("1 superfluous: stray", error.Message, StringComparison.Ordinal);
        Assert.Contains("1 misshaped: token.weight is [2, 2], expected [3, 4]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenWeightsAreNotFinite_NamesThem()
    {
        using var scope = NewDisposeScope();
        var source = new FakeSource(new Every(CPU));
        source.Put("norm.weight", full([4], double.NaN));
        var error = Assert.Throws<CheckpointException>(() => ModuleLoading.Load(new Every(META), source));
        Assert.Contains("norm.weight", error.Message, StringComparison.Ordinal);

        // Finite weights whose sum is not.
        source.Put("norm.weight", full([4], float.MaxValue));
        ModuleLoading.Load(new Every(META), source);
    }

    /// <summary>Every kind of layer that the models use, and a parameter in a plain field.</summary>
    sealed class Every : nn.Module<Tensor, Tensor>
    {
        readonly Linear linear;
        readonly AdaptableLinear adaptable;
        readonly Conv2d conv;
        readonly GroupNorm group;
        readonly LayerNorm norm;
        readonly Embedding token;
        readonly Parameter scale;

        public Every(Device device) : base(nameof(Every))
        {
            linear = nn.Linear(4, 4, device: device);
            adaptable = new AdaptableLinear(4, 4, device: device);
            conv = nn.Conv2d(1, 1, 1, device: device);
            group = nn.GroupNorm(1, 1, device: device);
            norm = nn.LayerNorm(4, device: device);
            token = nn.Embedding(3, 4, device: device);
            scale = new Parameter(device.type == DeviceType.META ? empty(4, device: device) : rand(4, device: device));
            RegisterComponents();
            if (device.type == DeviceType.META) return;
            nn.init.ones_(group.weight);
            nn.init.zeros_(group.bias);
        }

        public override Tensor forward(Tensor x)
        {
            var y = norm.call(adaptable.call(linear.call(x))) * scale + token.call(tensor(1L));
            return group.call(conv.call(y.view(1, 1, 2, 2)));
        }
    }

    sealed class FakeSource(nn.Module module) : ITensorSource
    {
        readonly Dictionary<string, Tensor> tensors = module.state_dict();

        public string Origin => "fake";

        public IReadOnlyDictionary<string, TensorDescription> Tensors =>
            tensors.ToDictionary(t => t.Key, t => new TensorDescription(t.Value.dtype, t.Value.shape));

        public Tensor Load(string key) => tensors[key].alias();

        public void Remove(string key) => tensors.Remove(key);

        public void Put(string key, Tensor value) => tensors[key] = value;

        public void Dispose() { }
    }
}
