using System.Reflection;
using SpoActors.Golden.Tests.Harness;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests;

/// <summary>Every <c>$SPO_GOLDEN/manifests/*.json</c> goes to the one reader that understands it; a manifest that none understands fails.</summary>
public sealed class ManifestTests
{
    static readonly IManifestReader[] Readers = [.. Assembly.GetExecutingAssembly().GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IManifestReader)))
        .Select(t => (IManifestReader)Activator.CreateInstance(t)!)];

    public static TheoryData<string, string> Manifests()
    {
        var manifests = new TheoryData<string, string>();
        foreach (var (root, path) in GoldenRoot.Folders)
        {
            var folder = Path.Combine(path, "manifests");
            if (!Directory.Exists(folder)) continue;
            foreach (var file in Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal)) manifests.Add(root, Path.GetFileName(file));
        }
        return manifests;
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Manifests))]
    public void Manifest_WhenComparedWithOurModel_HasItsKeysAndShapes(string root, string name)
    {
        using var scope = NewDisposeScope();
        using var manifest = new GoldenManifest(Path.Combine(GoldenRoot.Folders[root], "manifests", name));
        var readers = Array.FindAll(Readers, r => r.Understands(manifest));
        Assert.True(readers.Length == 1, readers.Length == 0
            ? $"no reader understands the manifest {name}"
            : $"{readers.Length} readers claim {name}: {string.Join(", ", readers.Select(r => r.GetType().Name))}");
        var check = new ManifestAssert(manifest);
        readers[0].Check(manifest, check);
        check.Done();
    }
}
