using NetArchTest.Rules;

namespace SpoActors.Architecture.Tests;

public sealed class LayerTests
{
    public static TheoryData<string> Projects => [.. Layers.Projects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_Always_ReferencesOnlyWhatItsLayerMay(string project)
    {
        Assert.True(Layers.Allowed.TryGetValue(project, out var allowed), $"src/{project} is not in the table of layers");
        Assert.All(Layers.References(Layers.Projects[project]), reference =>
        {
            Assert.StartsWith("../", reference, StringComparison.Ordinal);
            Assert.Contains(Path.GetFileName(Path.GetDirectoryName(reference))!, allowed);
        });
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_Always_UsesOnlyThePackagesOfItsLayer(string project)
    {
        var packages = Layers.Packages(Layers.Projects[project]).ToArray();
        if (!Layers.WithTorch.Contains(project)) Assert.DoesNotContain(packages, p => p.Contains("TorchSharp", StringComparison.Ordinal));
        if (!Layers.WithOrleans.Contains(project)) Assert.DoesNotContain(packages, p => p.Contains("Orleans", StringComparison.Ordinal));
        if (project == "Grains.Interfaces") Assert.All(packages, p => Assert.Equal("Microsoft.Orleans.Sdk", p));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Types_WhenTheirLayerForbidsIt_KnowNeitherTensorsNorGrains(string project)
    {
        if (!Layers.WithTorch.Contains(project)) AssertIndependent(project, "TorchSharp");
        if (!Layers.WithOrleans.Contains(project)) AssertIndependent(project, "Orleans");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Types_Always_LiveInTheirProjectsNamespace(string project) =>
        Assert.All(Own(project), type => Assert.StartsWith($"SpoActors.{project}", type.Namespace ?? "", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Types_Always_AreNotNamedLikeAProject(string project)
    {
        var names = Layers.Projects.Keys.SelectMany(name => name.Split('.')).ToHashSet();
        Assert.DoesNotContain(Own(project), type => names.Contains(type.Name));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Classes_WhenNotAbstract_AreSealed(string project)
    {
        var open = Own(project).Where(type => type is { IsClass: true, IsAbstract: false, IsSealed: false }).Select(type => type.FullName);
        Assert.Empty(open);
    }

    [Fact]
    public void Client_WhenItWrites_DoesSoThroughItsConsole()
    {
        var result = Types.InAssembly(Layers.Assemblies["Client"]).That().DoNotResideInNamespace("SpoActors.Client.Console").ShouldNot().HaveDependencyOn("System.Console").GetResult();
        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypeNames ?? []));
    }

    [Fact]
    public void Client_Always_BringsNoSiloProgram()
    {
        var known = new HashSet<string> { "Client" };
        for (var open = new Queue<string>(known); open.TryDequeue(out var project);)
            foreach (var reference in Layers.References(Layers.Projects[project]).Select(r => Path.GetFileName(Path.GetDirectoryName(r))!).Where(known.Add)) open.Enqueue(reference);
        Assert.DoesNotContain("Silo", known);
        Assert.DoesNotContain(Layers.Assemblies["Client"].GetReferencedAssemblies(), a => a.Name == "SpoActors.Silo");
    }

    [Fact]
    public void Client_WhenItMeetsGrains_DoesSoThroughItsDoor()
    {
        string[] inner = [.. Layers.Assemblies["Grains"].GetTypes().Select(t => t.Namespace).OfType<string>()
            .Where(n => n.StartsWith("SpoActors.Grains", StringComparison.Ordinal) && !n.StartsWith("SpoActors.Grains.Interfaces", StringComparison.Ordinal))
            .Distinct().Select(n => n == "SpoActors.Grains" ? "SpoActors.Grains.PipelineHosting" : n)];
        var result = Types.InAssembly(Layers.Assemblies["Client"]).That().DoNotResideInNamespace("SpoActors.Client.InProcess")
            .ShouldNot().HaveDependencyOnAny(inner).GetResult();
        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypeNames ?? []));
    }

    static void AssertIndependent(string project, string dependency)
    {
        var result = Types.InAssembly(Layers.Assemblies[project]).ShouldNot().HaveDependencyOn(dependency).GetResult();
        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypeNames ?? []));
    }

    /// <summary>Types that people wrote: neither compilers nor source generators, whose names or namespaces tell them.</summary>
    static IEnumerable<Type> Own(string project) => Layers.Assemblies[project].GetTypes().Where(type =>
        type.Name != "Program" && type.Namespace?.StartsWith("SpoActors", StringComparison.Ordinal) == true && !type.FullName!.Contains('<', StringComparison.Ordinal)
        && !type.Namespace.Contains("OrleansCodeGen", StringComparison.Ordinal));
}
