using System.Collections;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SpoActors.Specification.Yaml;

/// <summary>The specification as YAML: reading with all problems at once, overriding keys, and the canonical text that identifies it.</summary>
public static class SpecificationYaml
{
    /// <summary>Reads a configuration file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides"><c>key=value</c>, as given with --set; the value is YAML.</param>
    /// <exception cref="SpecificationException">It is not YAML, or holds unknown keys or values of a wrong type.</exception>
    public static RunSpecification Read(string path, IEnumerable<string>? overrides = null)
    {
        if (!File.Exists(path))
            throw new SpecificationException($"'{path}'", [new Problem("file", "no such file", "a YAML configuration", "Start from config/tiny.yaml or config/sd15.yaml.")]);
        return Parse(File.ReadAllText(path), $"'{path}'", overrides);
    }

    /// <inheritdoc cref="Read"/>
    /// <param name="text">The configuration.</param>
    /// <param name="source">What to call it in an error.</param>
    /// <param name="overrides"><c>key=value</c>; the value is YAML.</param>
    public static RunSpecification Parse(string text, string source, IEnumerable<string>? overrides = null)
    {
        try
        {
            var root = Root(text, source);
            var problems = new List<Problem>();
            foreach (var assignment in overrides ?? []) Override(root, assignment, problems);
            var binder = new SpecificationBinder();
            var bound = (RunSpecification)binder.Bind(root, typeof(RunSpecification));
            problems.AddRange(binder.Problems);
            return problems.Count == 0 ? bound : throw new SpecificationException(source, problems);
        }
        catch (YamlException e)
        {
            throw new SpecificationException(source, [new Problem($"line {e.Start.Line}", e.Message, "YAML", "Correct the syntax.")]);
        }
    }

    /// <summary>All settings in a fixed order and form: equal specifications have equal texts.</summary>
    public static string Write(RunSpecification run)
    {
        var text = new StringBuilder();
        WriteSection(text, run, 0);
        return text.ToString();
    }

    /// <summary>
    /// SHA-256, hexadecimal, of the settings that decide what is computed: a run may be resumed in another folder, with other checkpoints
    /// and samples, or for more rounds, but not with other numbers.
    /// </summary>
    public static string Identity(RunSpecification run)
    {
        var computed = run with
        {
            Output = "",
            Name = "",
            Training = run.Training with { Epochs = 0, Rounds = null },
            Checkpoints = new CheckpointSpecification(),
            Evaluation = new EvaluationSpecification(),
            Pipeline = new PipelineSpecification { Staleness = run.Pipeline.Staleness },
        };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Write(computed))));
    }

    static YamlMappingNode Root(string text, string source)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        if (stream.Documents.Count == 0) return [];
        return stream.Documents[0].RootNode as YamlMappingNode
            ?? throw new SpecificationException(source, [new Problem("document", "no keys", "sections such as model: and sampling:", "Start from config/tiny.yaml.")]);
    }

    static void Override(YamlMappingNode root, string assignment, List<Problem> problems)
    {
        var split = assignment.IndexOf('=', StringComparison.Ordinal);
        if (split <= 0)
        {
            problems.Add(new Problem($"--set {assignment}", "no key=value", "for example sampling.steps=4", "Write the key, =, and the value."));
            return;
        }
        var path = assignment[..split].Split('.');
        var section = root;
        foreach (var key in path[..^1])
        {
            if (!section.Children.TryGetValue(key, out var child) || child is not YamlMappingNode mapping) section.Children[key] = mapping = [];
            section = mapping;
        }
        var stream = new YamlStream();
        stream.Load(new StringReader(assignment[(split + 1)..]));
        section.Children[path[^1]] = stream.Documents.Count == 0 ? new YamlScalarNode("") : stream.Documents[0].RootNode;
    }

    static void WriteSection(StringBuilder text, object section, int indent)
    {
        foreach (var (key, property) in SpecificationKeys.Of(section.GetType()))
        {
            var value = property.GetValue(section);
            text.Append(' ', indent).Append(key).Append(':');
            if (value is not null && SpecificationKeys.IsSection(property.PropertyType))
            {
                text.Append('\n');
                WriteSection(text, value, indent + 2);
            }
            else if (value is IEnumerable list and not string) text.Append(" [").AppendJoin(", ", list.Cast<object>().Select(Scalar)).Append("]\n");
            else text.Append(' ').Append(Scalar(value)).Append('\n');
        }
    }

    static string Scalar(object? value) => value switch
    {
        null => "null",
        string s => '"' + s.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal) + '"',
        bool b => b ? "true" : "false",
        Enum e => SpecificationKeys.ToKey(e.ToString()),
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
