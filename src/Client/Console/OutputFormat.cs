using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Storage;

namespace SpoActors.Client.Console;

/// <summary>How a command's data is written to stdout.</summary>
public enum OutputFormat { Table, Json }

/// <summary>Writes results in the format asked for.</summary>
public static class ResultOutput
{
    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = new KeyNaming(),
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(new KeyNaming()) },
    };

    static readonly JsonSerializerOptions LineOptions = new(Options) { WriteIndented = false };

    /// <summary>Writes a result: as JSON, or as tables.</summary>
    public static void Result<T>(this IConsoleOutput output, OutputFormat format, T result, Func<T, IEnumerable<OutputTable>> tables)
    {
        if (format == OutputFormat.Json)
        {
            output.Data(JsonSerializer.Serialize(result, Options));
            return;
        }
        foreach (var table in tables(result)) output.Table(table);
    }

    /// <summary>Writes a value as one line of JSON, for results that come one after the other.</summary>
    public static void Line<T>(this IConsoleOutput output, T value) => output.Data(JsonSerializer.Serialize(value, LineOptions));

    /// <summary>Writes a result into a JSON file.</summary>
    public static void Write<T>(string path, T result) => AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(result, Options));

    /// <summary>A table of names and values.</summary>
    public static OutputTable Properties(string? title, params (string Name, object? Value)[] properties) => new(title, ["", ""],
        [.. properties.Where(p => p.Value is not null).Select(p => (IReadOnlyList<string>)[p.Name, Text(p.Value)])]);

    /// <summary>A value as tables show it: invariant, whole numbers grouped.</summary>
    public static string Text(object? value) => value switch
    {
        null => "",
        Enum choice => SpecificationKeys.ToKey(choice.ToString()),
        int or long => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value:N0}"),
        IFormattable number => number.ToString("G5", System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
