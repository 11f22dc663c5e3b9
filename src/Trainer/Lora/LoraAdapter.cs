using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Lora;

/// <summary>A ("down"), [rank, in], and B ("up"), [out, rank], of one linear layer, float32, with their alpha.</summary>
public sealed record LoraFactors(Tensor A, Tensor B, double Alpha) : IDisposable
{
    /// <summary>The layer is a 1x1 convolution: files hold A as [rank, in, 1, 1] and B as [out, rank, 1, 1].</summary>
    public bool IsConvolution { get; init; }

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}

/// <summary>
/// A LoRA adapter on the linear layers of a model, 1x1 convolutions among them (arXiv 2106.09685; peft's meaning of rank, alpha and target modules). The base
/// weights stay as they are: switching the adapter off gives the reference policy bit for bit, without a second copy.
/// </summary>
/// <remarks>Enabled, disabled and merged are states of the model: change them on the thread that runs it, between passes. A backward pass
/// with gradient checkpointing recomputes in the state of that moment.</remarks>
public sealed class LoraAdapter : IDisposable
{
    readonly SortedDictionary<string, Site> sites;
    readonly LoraState state;

    LoraAdapter(SortedDictionary<string, Site> sites, LoraState state) => (this.sites, this.state) = (sites, state);

    /// <summary>Paths of the adapted layers, in ordinal order.</summary>
    public IReadOnlyCollection<string> Paths => sites.Keys;

    /// <summary>The trainable parameters: A then B of each layer, by path in ordinal order.</summary>
    public IReadOnlyList<Parameter> Parameters => [.. sites.Values.SelectMany(s => (Parameter[])[s.Branch.A_RI, s.Branch.B_OR])];

    /// <summary>The trainable parameters by name, <c>path.lora_A.weight</c> and <c>path.lora_B.weight</c>, in the order of <see cref="Parameters"/>.</summary>
    public IReadOnlyList<(string Name, Parameter Parameter)> NamedParameters =>
        [.. sites.SelectMany(s => ((string, Parameter)[])[(NameOfA(s.Key), s.Value.Branch.A_RI), (NameOfB(s.Key), s.Value.Branch.B_OR)])];

    /// <summary>Factor on alpha / rank, normally 1; takes effect at the next pass or merge.</summary>
    public double Strength
    {
        get => state.Strength;
        set => state.Strength = value;
    }

    /// <summary>Whether the adapter takes part in the model's passes.</summary>
    public bool IsEnabled => state.Enabled;

    /// <summary>Whether passes use merged weights; gradients do not reach the adapter then.</summary>
    public bool IsMerged { get; private set; }

    /// <summary>Attaches a fresh adapter: A gaussian with deviation 1 / rank, B zero, so that the model computes what it did.</summary>
    /// <param name="model">The model, its weights loaded.</param>
    /// <param name="specification">Rank, alpha and target modules; its InitialWeights are the caller's concern.</param>
    /// <param name="standardNormal">Draws N(0, 1), float32 on the CPU, of [rank, in], for the layer of the given path.</param>
    /// <exception cref="LoraException">A target fits no linear layer of the model, or a layer has an adapter already.</exception>
    public static LoraAdapter Attach(nn.Module model, LoraSpecification specification, Func<string, long[], Tensor> standardNormal)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var factors = LoraTargets.Find(model, specification.TargetModules).ToDictionary(t => t.Path, t =>
        {
            var a_RI = standardNormal(t.Path, [specification.Rank, t.Layer.InFeatures]) / specification.Rank;
            return new LoraFactors(a_RI, zeros(t.Layer.OutFeatures, specification.Rank), specification.Alpha ?? specification.Rank);
        }, StringComparer.Ordinal);
        return Attach(model, factors);
    }

    /// <summary>Attaches an adapter with given values; they are copied.</summary>
    /// <param name="model">The model, its weights loaded.</param>
    /// <param name="factors">Values by the layer's path in the model.</param>
    /// <exception cref="LoraException">A path is no linear layer of the model, a shape does not fit, or a layer has an adapter already.</exception>
    public static LoraAdapter Attach(nn.Module model, IReadOnlyDictionary<string, LoraFactors> factors)
    {
        using var _ = no_grad();
        var layers = LoraTargets.Check(model, factors);
        var state = new LoraState();
        var sites = new SortedDictionary<string, Site>(StringComparer.Ordinal);
        foreach (var (path, layer) in layers)
        {
            var (a, b, alpha) = factors[path];
            var branch = new LoraBranch(state, Own(a, layer), Own(b, layer), alpha);
            layer.Update = branch;
            sites.Add(path, new Site(layer, branch));
        }
        return new LoraAdapter(sites, state);

        static Parameter Own(Tensor values, AdaptableLayer layer)
        {
            using var scope = NewDisposeScope();
            return (Parameter)new Parameter(values.detach().to(ScalarType.Float32).to(layer.weight.device).clone().contiguous(), true).DetachFromDisposeScope();
        }
    }

    /// <summary>The reference policy: the adapter is off until the result is disposed.</summary>
    public IDisposable Disabled()
    {
        var before = state.Enabled;
        state.Enabled = false;
        return new Restore(() => state.Enabled = before);
    }

    /// <summary>
    /// A slow copy of the policy: until the result is disposed, passes, <see cref="Export"/> and <see cref="MergedWeight"/> use other values
    /// in place of the parameters, an average's for example. Nothing is copied, and the parameters keep their values and gradients. For
    /// passes without gradient: none would reach the adapter. Merged weights are set aside meanwhile.
    /// </summary>
    /// <param name="values">By the names of <see cref="NamedParameters"/>, in the parameters' shapes and on their devices; they must outlive the result.</param>
    /// <exception cref="LoraException">A name or shape differs; everything that does is listed.</exception>
    public IDisposable Using(IReadOnlyDictionary<string, Tensor> values)
    {
        var own = NamedParameters.ToDictionary(p => p.Name, p => p.Parameter.shape, StringComparer.Ordinal);
        var differing = own.Keys.Union(values.Keys).Order(StringComparer.Ordinal)
            .Where(n => !own.TryGetValue(n, out var shape) || !values.TryGetValue(n, out var value) || !shape.SequenceEqual(value.shape)).ToArray();
        if (differing.Length > 0)
            throw new LoraException($"the values are not of this adapter; missing, superfluous or of another shape: {string.Join(", ", differing)}");
        var before = sites.Select(s => (s.Value.Branch, Earlier: s.Value.Branch.Use((values[NameOfA(s.Key)], values[NameOfB(s.Key)])))).ToArray();
        return new Restore(() =>
        {
            foreach (var (branch, earlier) in before) branch.Use(earlier);
        });
    }

    /// <summary>
    /// Computes W + scale * B A once for each layer, which makes passes as fast as the base model's. Costs a copy of the adapted layers'
    /// weights; the originals are untouched, so <see cref="Unmerge"/> restores the model exactly. Merge again after a training step.
    /// </summary>
    /// <exception cref="InvalidOperationException">Other values are in use, which the merged weights would outlive.</exception>
    public void Merge()
    {
        if (sites.Values.Any(s => s.Branch.HasOtherValues)) throw new InvalidOperationException("other values are in use; merge when they no longer are");
        foreach (var site in sites.Values) site.Branch.Merge(site.Layer.weight);
        IsMerged = true;
    }

    /// <summary>Goes back to the separate branch.</summary>
    public void Unmerge()
    {
        foreach (var site in sites.Values) site.Branch.Unmerge();
        IsMerged = false;
    }

    /// <summary>W + scale * B A of one layer, a new tensor in W's type.</summary>
    public Tensor MergedWeight(string path) => sites[path].Branch.MergedWeight(sites[path].Layer.weight);

    /// <summary>Copies of all values on the CPU, by path, owned by the caller.</summary>
    public IReadOnlyDictionary<string, LoraFactors> Export()
    {
        using var _ = no_grad();
        return new SortedDictionary<string, LoraFactors>(sites.ToDictionary(s => s.Key, s =>
            new LoraFactors(Copy(s.Value.Branch.Values.A_RI), Copy(s.Value.Branch.Values.B_OR), s.Value.Branch.Alpha) { IsConvolution = s.Value.Layer is AdaptableProjection }), StringComparer.Ordinal);

        static Tensor Copy(Tensor parameter) => parameter.detach().cpu().clone();
    }

    /// <summary>Overwrites the values with others of the same layers, shapes and alphas: how a worker takes over a new version.</summary>
    /// <exception cref="LoraException">Layers, shapes or alphas differ; everything that does is listed.</exception>
    public void Import(IReadOnlyDictionary<string, LoraFactors> factors)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        LoraTargets.CheckSame(sites.ToDictionary(s => s.Key, s => (s.Value.Branch.A_RI.shape, s.Value.Branch.B_OR.shape, s.Value.Branch.Alpha)), factors);
        foreach (var (path, site) in sites)
        {
            site.Branch.A_RI.copy_(factors[path].A);
            site.Branch.B_OR.copy_(factors[path].B);
        }
        if (IsMerged) Merge();
    }

    /// <summary>Takes the adapter off the model and frees its parameters.</summary>
    public void Dispose()
    {
        foreach (var site in sites.Values)
        {
            if (site.Layer.Update == site.Branch) site.Layer.Update = null;
            site.Branch.Dispose();
        }
        sites.Clear();
    }

    static string NameOfA(string path) => $"{path}.lora_A.weight";

    static string NameOfB(string path) => $"{path}.lora_B.weight";

    sealed record Site(AdaptableLayer Layer, LoraBranch Branch);

    sealed class Restore(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }
}
