using System.Globalization;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>Finds the tensors in nested dicts and lists.</summary>
static class TensorTree
{
    const int MostNested = 32, LongestPath = 1000, MostValues = 10_000_000;

    /// <returns>Tensors by path.</returns>
    /// <exception cref="CheckpointException">The nesting is none that a program would write, or two tensors have one path.</exception>
    public static Dictionary<string, PickleTensor> Flatten(object? root, string origin)
    {
        var tensors = new Dictionary<string, PickleTensor>(StringComparer.Ordinal);
        var visited = 0;
        Visit("", root, 0);
        return tensors;

        void Visit(string path, object? value, int depth)
        {
            // A value can be in many places, even in itself.
            if (depth > MostNested || path.Length > LongestPath || ++visited > MostValues)
                throw new CheckpointException($"'{origin}' nests its values deeper, or names them longer, than a checkpoint does.");
            if (value is PickleTensor tensor)
            {
                if (!tensors.TryAdd(path.Length == 0 ? PyTorchFile.Single : path, tensor)) throw new CheckpointException($"'{origin}' holds '{path}' twice.");
            }
            else if (value is PickleDict dict)
            {
                foreach (var (key, item) in dict.Items) Visit(Join(path, key), item, depth + 1);
            }
            else if (value is PickleList list)
            {
                for (var i = 0; i < list.Items.Count; i++) Visit(Join(path, i.ToString(CultureInfo.InvariantCulture)), list.Items[i], depth + 1);
            }
        }

        static string Join(string path, string name) => path.Length == 0 ? name : $"{path}{PyTorchFile.Separator}{name}";
    }
}
