using System.Security.Cryptography;
using System.Text.Json;

namespace SpoActors.Specification.Prompts;

/// <summary>What identifies a list of prompts, whatever file, column or limit it comes from.</summary>
public static class PromptList
{
    /// <summary>SHA-256, hexadecimal, of the prompts in their order.</summary>
    public static string Hash(IReadOnlyList<string> prompts) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(prompts)));
}
