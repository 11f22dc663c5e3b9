namespace SpoActors.Trainer.Judges.Remote;

/// <summary>Text from elsewhere, fit for a line of an error message.</summary>
static class RemoteText
{
    const int Longest = 200;

    public static string Shorten(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length <= Longest ? line : line[..Longest] + "...";
    }
}
