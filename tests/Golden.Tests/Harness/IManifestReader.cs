using System.Text.Json;

namespace SpoActors.Golden.Tests.Harness;

/// <summary>A file of the manifests area: keys and shapes of a published checkpoint, with the configuration of its model.</summary>
public sealed class GoldenManifest : IDisposable
{
    readonly JsonDocument document;

    public GoldenManifest(string path)
    {
        Path = path;
        document = JsonDocument.Parse(File.ReadAllText(path));
    }

    public string Path { get; }

    public JsonElement Json => document.RootElement;

    public JsonElement Config => Json.GetProperty("config");

    public string Text(string name) => Json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    public void Dispose() => document.Dispose();
}

/// <summary>Compares the manifests of one kind with the program's own models, which are built without memory.</summary>
public interface IManifestReader
{
    bool Understands(GoldenManifest manifest);

    void Check(GoldenManifest manifest, ManifestAssert check);
}
