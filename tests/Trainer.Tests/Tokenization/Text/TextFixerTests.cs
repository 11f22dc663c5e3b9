using CsCheck;
using SpoActors.Trainer.Tokenization.Text;

namespace SpoActors.Trainer.Tests.Tokenization.Text;

public sealed class TextFixerTests
{
    [Theory]
    [InlineData("plain ASCII", "plain ASCII")]
    [InlineData("cafÃ© schÃ¶n", "café schön")]
    [InlineData("â€œquotedâ€\u009d itâ€™s", "\"quoted\" it's")]
    [InlineData("\u00e2\u0080\u0099", "'")]
    [InlineData("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет")]
    [InlineData("Ã¢â‚¬â„¢", "'")]
    [InlineData("ðŸ˜€ cat", "😀 cat")]
    [InlineData("猫 cafÃ©", "猫 café")]
    [InlineData("CAFÉ® BRASÃ®", "CAFÉ® BRASÃ®")]
    [InlineData("un café…”", "un café…\"")]
    [InlineData("&lt;3 &EACUTE; &#233; &#xE9; &nosuch;", "<3 É é é &nosuch;")]
    [InlineData("a < b &amp; c", "a < b &amp; c")]
    [InlineData("&amp;\n<\n&amp;", "&\n<\n&amp;")]
    [InlineData("ﬁne ﬂow ŉ Ǆ", "fine flow 'n DŽ")]
    [InlineData("ＦＵＬＬ　ｶﾀｶﾅ", "FULL カタカナ")]
    [InlineData("\u001b[31mred\u001b[0m\u0007\ufeff", "red")]
    [InlineData("a\r\nb\rc\u2028d", "a\nb\nc\nd")]
    [InlineData("e\u0301", "é")]
    public void Fix_WhenGivenDamagedText_RepairsIt(string damaged, string expected) => Assert.Equal(expected, TextFixer.Fix(damaged));

    [Fact]
    public void Fix_WhenASurrogateStandsAlone_ReplacesIt() => Assert.Equal("\ufffdx", TextFixer.Fix("\ud83dx"));

    [Fact]
    public void Fix_WhenTheTextIsArbitrary_IsStable() =>
        Gen.String[Gen.Char, 0, 60].Sample(text =>
        {
            var once = TextFixer.Fix(text);
            return TextFixer.Fix(once) == once || once.Contains('<', StringComparison.Ordinal) || once.Contains('\n', StringComparison.Ordinal);
        }, iter: 2000);

    [Theory]
    [InlineData("\u1112\u1161\u11ab", "한")]
    [InlineData("\ud55c", "한")]
    [InlineData("a\u0323\u0307", "ạ\u0307")]
    [InlineData("a\u0307\u0323", "ạ\u0307")]
    [InlineData("\u212b", "Å")]
    [InlineData("\u0958", "क\u093c")]
    [InlineData("\u0344", "\u0308\u0301")]
    public void CanonicalComposition_WhenGivenDecomposedText_Composes(string text, string expected) =>
        Assert.Equal(expected.EnumerateRunes(), CanonicalComposition.Normalize(text).EnumerateRunes());

    [Theory]
    [InlineData("ΌΔΟΣ Σ ΣΑΣ", "όδος σ σας")]
    [InlineData("İI", "i\u0307i")]
    public void Lower_WhenSigmaEndsAWord_UsesItsFinalForm(string text, string expected) =>
        Assert.Equal(expected, CaseAndSpace.Lower(text, finalSigma: true));
}
