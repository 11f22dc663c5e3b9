using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace SpoActors.Architecture.Tests;

/// <summary>Samples plug in from outside: <c>src</c> can be read, built and shipped without knowing that there is one.</summary>
public sealed class SampleTests
{
    static readonly string[] Samples = [.. Directory.GetFiles(Path.Combine(Layers.Root, "samples"), "*.csproj", SearchOption.AllDirectories).Select(f => Path.GetFileName(Path.GetDirectoryName(f))!)];

    public static TheoryData<string> Projects => [.. Layers.Projects.Keys];

    [Fact]
    public void Texts_Always_NameNoSample()
    {
        var name = new Regex(string.Join('|', Samples.Select(Spellings).Concat(Configurations().Select(Regex.Escape))), RegexOptions.IgnoreCase);
        var files = Directory.GetFiles(Path.Combine(Layers.Root, "src"), "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".cs" or ".csproj" or ".props" or ".targets" or ".json" or ".sql" or ".yaml")
            .Where(f => !f.Split('/').Intersect(["bin", "obj"]).Any()).ToArray();
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(f => File.ReadLines(f).Select((line, i) => (Line: line, Number: i + 1)).Where(l => name.IsMatch(l.Line)).Select(l => $"{f}:{l.Number}: {l.Line.Trim()}")));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Assemblies_Always_KnowNoSample(string project)
    {
        var names = Samples.Select(s => $"SpoActors.{s}").ToArray();
        var words = new Regex("^(" + string.Join('|', Samples.Select(s => $"{Spellings(s)}|{Words(s)[0]}")) + ")$", RegexOptions.IgnoreCase);
        using var assembly = AssemblyDefinition.ReadAssembly(Layers.Assemblies[project].Location);
        Assert.DoesNotContain(assembly.MainModule.AssemblyReferences, r => names.Contains(r.Name));
        Assert.DoesNotContain(assembly.CustomAttributes, a => a.ConstructorArguments.Any(c => c.Value is string text && names.Contains(text)));
        Assert.DoesNotContain(assembly.MainModule.GetTypes().SelectMany(t => t.Methods).Where(m => m.HasBody).SelectMany(m => m.Body.Instructions),
            i => i.OpCode == OpCodes.Ldstr && words.IsMatch((string)i.Operand));
    }

    /// <summary>ShapesWorld, shapes_world, shapes-world, shapes world.</summary>
    static string Spellings(string sample) => string.Join("[ _-]?", Words(sample));

    static string[] Words(string sample) => [.. Regex.Matches(sample, "[A-Z][a-z0-9]*").Select(m => m.Value.ToLowerInvariant())];

    /// <summary>The shipped configurations of samples' models.</summary>
    static IEnumerable<string> Configurations() => Directory.GetFiles(Path.Combine(Layers.Root, "config"), "*.yaml", SearchOption.AllDirectories)
        .Where(f => Samples.Any(s => File.ReadLines(f).Any(l => Regex.IsMatch(l, "^ +path: .*" + Spellings(s), RegexOptions.IgnoreCase))))
        .Select(f => Path.GetRelativePath(Layers.Root, f));
}
