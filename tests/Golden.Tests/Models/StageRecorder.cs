using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>Keeps what a model's inner modules return, by path, until it is stopped.</summary>
sealed class StageRecorder : IDisposable
{
    readonly Dictionary<string, Tensor> outputs = new(StringComparer.Ordinal);
    readonly List<Action> removals = [];

    public StageRecorder(nn.Module model, IEnumerable<string> paths)
    {
        var modules = model.named_modules().ToDictionary(m => m.name, m => m.module, StringComparer.Ordinal);
        foreach (var path in paths)
            if (modules.TryGetValue(path, out var module)) Watch(path, module);
    }

    public Tensor? Find(string path) => outputs.GetValueOrDefault(path);

    public void Stop()
    {
        foreach (var remove in removals) remove();
        removals.Clear();
    }

    public void Dispose()
    {
        Stop();
        foreach (var output in outputs.Values) output.Dispose();
    }

    void Watch(string path, nn.Module module)
    {
        switch (module)
        {
            case nn.Module<Tensor, Tensor> simple:
                removals.Add(simple.register_forward_hook((_, _, output) => Keep(path, output)).remove);
                break;
            case UNetDownBlock down:
                removals.Add(down.register_forward_hook((_, _, _, _, all) => { Keep(path, all[^1]); return all; }).remove);
                break;
            case UNetMidBlock mid:
                removals.Add(mid.register_forward_hook((_, _, _, _, output) => Keep(path, output)).remove);
                break;
            case UNetUpBlock up:
                removals.Add(up.register_forward_hook((_, _, _, output) => Keep(path, output)).remove);
                break;
        }
    }

    // The model may go on to change the tensor in place.
    Tensor Keep(string path, Tensor output)
    {
        outputs[path] = output.detach().clone().DetachFromDisposeScope();
        return output;
    }
}
