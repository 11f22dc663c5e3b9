using SpoActors.Specification.Silos;

namespace SpoActors.Specification.Tests;

public sealed class ConfigurationSchemaTests
{
    public static TheoryData<string> Names => ["run", "train-spm", "silo"];

    static object Of(string name) => name switch { "run" => new RunSpecification(), "train-spm" => new PreferenceTrainingSpecification(), _ => new SiloSettings() };

    [Theory]
    [MemberData(nameof(Names))]
    public void Schema_Always_EqualsWhatTheSpecificationSays(string name)
    {
        var path = Repository.PathOf($"config/schema/{name}.schema.json");
        var generated = ConfigurationSchema.Generate(Of(name), $"SpoActors: configuration of kind {name}");
        if (Environment.GetEnvironmentVariable("SPO_UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, generated);
        }
        Assert.Equal(File.ReadAllText(path), generated);
    }

    public static TheoryData<string> Folders => ["", "methods", "shapes", "bases", "compose"];

    [Theory, MemberData(nameof(Folders))]
    public void Configuration_WhenShipped_NamesItsSchema(string folder) => Assert.All(Directory.GetFiles(Repository.PathOf($"config/{folder}"), "*.yaml"), file =>
    {
        var kind = Files.ConfigurationKinds.Of(file) switch { Files.ConfigurationKind.PreferenceTraining => "train-spm", Files.ConfigurationKind.Silo => "silo", _ => "run" };
        Assert.Contains($"# yaml-language-server: $schema={(folder.Length == 0 ? "" : "../")}schema/{kind}.schema.json", File.ReadLines(file));
    });
}
