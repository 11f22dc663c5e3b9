namespace SpoActors.Trainer.Tokenization.Text;

/// <summary>Windows-1252 with its five holes filled by the C1 controls of the same number, so that every byte has a character.</summary>
static class Windows1252
{
    const string High = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

    public static char ToChar(byte value) => value is >= 0x80 and <= 0x9F ? High[value - 0x80] : (char)value;

    /// <summary>The byte of a character; the C1 controls stand for themselves, since the text may have been read as Latin-1.</summary>
    public static bool TryToByte(char c, out byte value)
    {
        if (c <= 0xFF)
        {
            value = (byte)c;
            return true;
        }
        var at = High.IndexOf(c, StringComparison.Ordinal);
        value = (byte)(0x80 + Math.Max(at, 0));
        return at >= 0;
    }
}
