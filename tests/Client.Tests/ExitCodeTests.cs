using System.Xml.Linq;

namespace SpoActors.Client.Tests;

public sealed class ExitCodeTests
{
    [Fact]
    public void Document_Always_HasEveryExitCodeWithItsMeaning()
    {
        var comments = XDocument.Load(Path.ChangeExtension(typeof(ExitCode).Assembly.Location, ".xml")).Descendants("member")
            .ToDictionary(m => m.Attribute("name")!.Value, m => m.Element("summary")?.Value.Trim());
        var expected = Enum.GetValues<ExitCode>().Select(code => $"| {(int)code} | `{code}` | {comments[$"F:{typeof(ExitCode).FullName}.{code}"]} |");
        Assert.Equal(expected, File.ReadLines(Repository.PathOf("docs/cli.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2])));
    }
}
