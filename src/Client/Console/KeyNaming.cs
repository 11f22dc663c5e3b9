using System.Text.Json;
using SpoActors.Specification.Yaml;

namespace SpoActors.Client.Console;

/// <summary>Spells names in JSON as the configuration spells them.</summary>
sealed class KeyNaming : JsonNamingPolicy
{
    public override string ConvertName(string name) => SpecificationKeys.ToKey(name);
}
