using System.Globalization;
using SpoActors.Specification.Texts;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace SpoActors.Specification.Yaml;

/// <summary>
/// Reads YAML whose size is bounded: a look at its events precedes the tree, which is built by recursion and in which an alias stands for
/// all that it names.
/// </summary>
static class YamlText
{
    /// <summary>The longest configuration file that is read.</summary>
    public const long MostBytes = 1 << 20;

    const int MostDepth = 32, MostValues = 20_000;

    /// <summary>The keys of a text; none for an empty one.</summary>
    /// <exception cref="SpecificationException">It holds something else.</exception>
    /// <exception cref="YamlException">It is no YAML, or more than is read.</exception>
    public static YamlMappingNode Root(string text, string source) => Value(text) switch
    {
        null or YamlScalarNode { Value: null or "" or "null" or "~" } => [],
        YamlMappingNode root => root,
        _ => throw new SpecificationException(source, [new Problem("document", "no keys", "sections such as model: and sampling:", "Start from config/tiny.yaml.")]),
    };

    /// <summary>The value of a text; null for an empty one.</summary>
    /// <exception cref="YamlException">It is no YAML, or more than is read.</exception>
    public static YamlNode? Value(string text)
    {
        try
        {
            Check(text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents.Count == 0 ? null : stream.Documents[0].RootNode;
        }
        catch (ArgumentException e)
        {
            // An escape of a character that there is not.
            throw new YamlException(e.Message);
        }
        catch (InvalidOperationException e)
        {
            // The scanner takes some colons and exclamation marks for what it has no state for, and does not say where.
            throw new YamlException("a text that no YAML is; look for stray ':', '!' or '?'", e);
        }
    }

    /// <summary>The scanner has no words of its own for some texts, such as a list that ends in the middle of a key.</summary>
    static bool MoveNext(Parser parser)
    {
        try
        {
            return parser.MoveNext();
        }
        catch (InvalidOperationException e)
        {
            var last = parser.Current?.End ?? Mark.Empty;
            throw new YamlException(last, last, "something without an end after this, such as a '[' or a quote that is not closed", e);
        }
    }

    static void Check(string text)
    {
        var parser = new Parser(new StringReader(text));
        var weights = new Dictionary<string, long>(StringComparer.Ordinal);
        var open = new Stack<Collection>();
        var documents = 0;
        long values = 0;
        while (MoveNext(parser))
        {
            var current = parser.Current!;
            switch (current)
            {
                case DocumentStart when ++documents > 1:
                    throw Wrong(current, "a second document after '---'; expected one. Remove the rest");
                case AnchorAlias alias:
                    if (open.Any(o => o.Anchor == alias.Value.Value)) throw Wrong(current, $"an alias '*{alias.Value}' inside of what it names");
                    values += weights.GetValueOrDefault(alias.Value.Value, 1);
                    Next();
                    break;
                case Scalar scalar:
                    if (PlainText.LoneSurrogate(scalar.Value) >= 0) throw Wrong(current, "half of a surrogate pair, as of a character that was cut in two");
                    if (open.TryPeek(out var mapping) && !mapping.IsNewKey(scalar.Value)) throw Wrong(current, $"the key '{scalar.Value}' twice; remove one");
                    values++;
                    if (AnchorOf(scalar) is { } ofScalar) weights[ofScalar] = 1;
                    Next();
                    break;
                case MappingStart or SequenceStart:
                    open.Push(new Collection(AnchorOf((NodeEvent)current), values++, current is MappingStart));
                    if (open.Count > MostDepth) throw Wrong(current, string.Create(CultureInfo.InvariantCulture, $"more than {MostDepth} levels of nesting"));
                    break;
                case MappingEnd or SequenceEnd:
                    var closed = open.Pop();
                    if (closed.Anchor is { } ofCollection) weights[ofCollection] = values - closed.Before;
                    Next();
                    break;
            }
            if (values > MostValues) throw Wrong(current, string.Create(CultureInfo.InvariantCulture, $"more than {MostValues:N0} values, those behind aliases included"));
        }

        void Next()
        {
            if (open.TryPeek(out var outer)) outer.IsAtKey = !outer.IsAtKey;
        }
    }

    static string? AnchorOf(NodeEvent node) => node.Anchor is { IsEmpty: false } anchor ? anchor.Value : null;

    /// <summary>A mapping or sequence that is not closed yet.</summary>
    sealed class Collection(string? anchor, long before, bool isMapping)
    {
        readonly HashSet<string> keys = new(StringComparer.Ordinal);

        public string? Anchor => anchor;

        /// <summary>Values that precede it.</summary>
        public long Before => before;

        /// <summary>Whether a key comes next, in a mapping.</summary>
        public bool IsAtKey { get; set; } = true;

        public bool IsNewKey(string text) => !isMapping || !IsAtKey || keys.Add(text);
    }

    static YamlException Wrong(ParsingEvent at, string what) => new(at.Start, at.End, what);
}
