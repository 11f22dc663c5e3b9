using System.Reflection;
using SpoActors.Golden.Tests.Harness;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests;

/// <summary>
/// Every case below <c>$SPO_GOLDEN/&lt;area&gt;/&lt;case&gt;</c> (default: <c>tests/data/golden</c> and <c>golden2</c>) goes to the one
/// reader that understands it; a case that none understands fails.
/// </summary>
public sealed class GoldenTests
{
    static readonly IGoldenReader[] Readers = [.. Assembly.GetExecutingAssembly().GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IGoldenReader)))
        .Select(t => (IGoldenReader)Activator.CreateInstance(t)!)];

    public static TheoryData<string, string, string> Cases()
    {
        var cases = new TheoryData<string, string, string>();
        foreach (var (root, path) in GoldenRoot.Folders)
            foreach (var area in Directory.GetDirectories(path).Order(StringComparer.Ordinal))
                foreach (var folder in Directory.GetDirectories(area).Order(StringComparer.Ordinal))
                    cases.Add(root, Path.GetFileName(area), Path.GetFileName(folder));
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Case_WhenReplayed_MatchesTheRecording(string root, string area, string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase(area, Path.Combine(GoldenRoot.Folders[root], area, name));
        var readers = Array.FindAll(Readers, r => r.Area == area && r.Understands(golden));
        Assert.True(readers.Length == 1, readers.Length == 0
            ? $"no reader understands {area}/{name} (source '{golden.Source}')"
            : $"{readers.Length} readers claim {area}/{name}: {string.Join(", ", readers.Select(r => r.GetType().Name))}");
        var check = new GoldenAssert(golden);
        readers[0].Check(golden, check);
        check.Done();
    }
}
