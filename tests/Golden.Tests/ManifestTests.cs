using System.Reflection;
using SpoActors.Golden.Tests.Harness;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests;

/// <summary>Every <c>$SPO_GOLDEN/manifests/*.json</c> goes to the one reader that understands it; a manifest that none understands fails.</summary>
public sealed class ManifestTests
{
    static readonly string Folder = Path.Combine(GoldenRoot.Folder, "manifests");

    static readonly IManifestReader[] Readers = [.. Assembly.GetExecutingAssembly().GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IManifestReader)))
        .Select(t => (IManifestReader)Activator.CreateInstance(t)!)];

    public static TheoryData<string> Manifests() => Directory.Exists(Folder)
        ? [.. Directory.GetFiles(Folder, "*.json").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)]
        : [];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Manifests))]
    public void Manifest_WhenComparedWithOurModel_HasItsKeysAndShapes(string name)
    {
        using var scope = NewDisposeScope();
        using var manifest = new GoldenManifest(Path.Combine(Folder, name));
        var readers = Array.FindAll(Readers, r => r.Understands(manifest));
        Assert.True(readers.Length == 1, readers.Length == 0
            ? $"no reader understands the manifest {name}"
            : $"{readers.Length} readers claim {name}: {string.Join(", ", readers.Select(r => r.GetType().Name))}");
        var check = new ManifestAssert(manifest);
        readers[0].Check(manifest, check);
        check.Done();
    }
}
