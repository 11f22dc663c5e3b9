using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpoActors.ShapesWorld.Commands;

/// <summary>A table of texts.</summary>
public sealed record ShapesTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>Where the commands write: data for programs, words for people, tables for those who want no JSON.</summary>
public sealed record ShapesOutput(Action<string> Data, Action<string> Words, Action<ShapesTable> Table)
{
    static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The option that chooses between tables and JSON.</summary>
    public static Option<string> Format()
    {
        var option = new Option<string>("--format") { Description = "How results are written to stdout: table or json.", HelpName = "table|json", DefaultValueFactory = _ => "table" };
        return option.AcceptOnlyFromAmong("table", "json");
    }

    /// <summary>An option for a whole number of which there must be at least one, or some.</summary>
    public static Option<int> Count(string name, string description, int byDefault, int least = 1)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => byDefault };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number < least) result.AddError($"{name} is {number}; expected {least} or more.");
        });
        return option;
    }

    /// <summary>Writes a result as JSON or as tables.</summary>
    public void Result<T>(string format, T result, Func<T, IEnumerable<ShapesTable>> tables)
    {
        if (format == "json") Data(Json(result));
        else foreach (var table in tables(result)) Table(table);
    }

    /// <summary>A result as indented JSON with keys in snake case.</summary>
    public static string Json<T>(T result) => JsonSerializer.Serialize(result, Options);
}
