using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

/// <summary><c>docs/configuration.md</c>, made from the specification and its XML comments.</summary>
static partial class ConfigurationDocument
{
    public static string Path { get; } = Repository.PathOf("docs/configuration.md");

    public static string Generate()
    {
        var comments = Comments();
        var text = new StringBuilder("""
            # Configuration

            Every key of a run's YAML. `config/sd15.yaml` and `config/sdxl.yaml` carry the paper's settings, `config/tiny.yaml` runs in minutes
            anywhere. Unknown keys, wrong types and values that cannot work are refused, all at once, with line and fix.

            - `--set section.key=value` overrides a key; the value is YAML, such as `--set evaluation.seeds=[1,2]`. May be given several times.
            - A relative input path is looked for in the current folder, then beside the configuration file. `output` belongs to the current folder.
              `~` and `$HOME` at the beginning of a path are the user's folder.
            - `extends: long.yaml`, a path relative to the file, takes all keys of another configuration; those that the file gives itself replace
              them, sections key by key, lists and values whole; an `objective` of another kind is taken whole too, since no other kind knows its
              settings. Problems name the file and line. At most 8 files extend each other.
            - `config/schema/` holds JSON schemas for editors, which the first line of each configuration names.
            - A configuration has at most 1 MiB, 32 levels and 20,000 values (an alias counts for all that it names), one document, and every key once.
            - A run's folder holds the resolved configuration, every key with its value, as `config.yaml`.
            - Settings are of two kinds. What is computed is the run's identity: `--resume` wants the same values, and refuses others by name. How, where
              or how long it is computed may change, and moves results by rounding at most: the column "resume" says `free`. Prompts are known by
              their content: the file may move, the list may not change.
            - `--resume --branch NAME` begins a new run from the last commit of the one that the configuration names; there any setting may differ.

            <!-- The tables are made from src/Specification: SPO_UPDATE_DOCS=1 dotnet run --project tests/Specification.Tests -->

            """);
        Tables(text, comments, new RunSpecification());
        text.Append("""

            # Configuration of `spo train-spm`

            `config/train-spm.yaml` carries the paper's settings, `config/shapes-spm.yaml` trains in the small world. `--set`, paths and
            `--resume` work as above. See [preference-training.md](preference-training.md).

            """);
        Tables(text, comments, new PreferenceTrainingSpecification());
        return text.ToString();
    }

    /// <summary>The summaries of the specification's types and properties, by their names in XML.</summary>
    public static Dictionary<string, string> Comments() => XDocument.Load(System.IO.Path.ChangeExtension(typeof(RunSpecification).Assembly.Location, ".xml"))
        .Descendants("member").ToDictionary(m => m.Attribute("name")!.Value, m => Text(m.Element("summary")));

    static void Tables(StringBuilder text, Dictionary<string, string> comments, object specification)
    {
        var root = specification.GetType();
        var defaults = SpecificationYaml.Flatten(specification).ToDictionary();
        var changeable = SpecificationKeys.Changeable(root);
        foreach (var section in SpecificationKeys.AllOf(root).GroupBy(k => k.Property.DeclaringType!))
        {
            var name = section.Key == root ? "Top level" : $"`{section.First().Key[..section.First().Key.LastIndexOf('.')]}`";
            text.Append("\n## ").Append(name).Append("\n\n");
            if (section.Key != root) text.Append(comments[$"T:{section.Key.FullName}"]).Append("\n\n");
            text.Append("| key | type | default | resume | meaning |\n|---|---|---|---|---|\n");
            foreach (var (key, property) in section)
                text.Append($"| `{key}` | {Cell(Type(property))} | `{Cell(defaults[key])}` | {Resume(changeable, key)} | {Cell(comments.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}") ?? "")} |\n");
        }
    }

    static string Resume(IReadOnlyDictionary<string, string> changeable, string key) =>
        !changeable.TryGetValue(key, out var condition) ? "same" : condition.Length == 0 ? "free" : $"free, but for {condition}";

    static string Type(PropertyInfo property)
    {
        var type = property.PropertyType;
        var inner = Nullable.GetUnderlyingType(type) ?? type;
        var name = inner.IsEnum ? string.Join(", ", Enum.GetNames(inner).Select(n => $"`{SpecificationKeys.ToKey(n)}`"))
            : inner == typeof(string) ? "text"
            : inner == typeof(bool) ? "true or false"
            : inner == typeof(double) ? "number"
            : inner == typeof(IReadOnlyList<string>) ? "list of texts"
            : inner == typeof(IReadOnlyList<ulong>) || inner == typeof(IReadOnlyList<int>) ? "list of whole numbers"
            : SpecificationKeys.IsSectionList(inner) ? "list of sections"
            : "whole number";
        return SpecificationKeys.IsNullable(property) ? name + ", or null" : name;
    }

    static string Text(XElement? summary)
    {
        if (summary is null) return "";
        var parts = summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } see => $"`{SpecificationKeys.ToKey(see.Attribute("cref")!.Value.Split('.')[^1])}`",
            XElement other => other.Value,
            XText words => words.Value,
            _ => "",
        });
        return Spaces().Replace(string.Concat(parts), " ").Trim();
    }

    static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
