using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Judges;

/// <summary>Whether a tokenizer is the one that a text tower was trained with: another's ids are other words, or none.</summary>
static class TokenizerFit
{
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="tower">Sizes of the tower's tables of tokens and positions.</param>
    /// <param name="folder">Where the tokenizer is from, for the message.</param>
    /// <exception cref="CheckpointException">It doesn't fit.</exception>
    public static void Require(ClipTokenizer tokenizer, ClipTextConfig tower, string folder)
    {
        if (tokenizer.VocabularySize != tower.VocabSize) throw Misfit($"has {tokenizer.VocabularySize} tokens", $"an embedding for {tower.VocabSize}");
        if (tokenizer.MaxLength != tower.MaxPositionEmbeddings) throw Misfit($"makes {tokenizer.MaxLength} ids of a prompt", $"positions for {tower.MaxPositionEmbeddings}");
        // 2 is what old configurations say, and stands for the largest id.
        var end = tower.EosTokenId == 2 ? tower.VocabSize - 1 : tower.EosTokenId;
        if (tokenizer.EndId != end) throw Misfit($"ends a prompt with the id {tokenizer.EndId}", $"its features at the id {end}");

        CheckpointException Misfit(string has, string expected) =>
            new($"The tokenizer in '{folder}' {has}, but the judge's text tower has {expected}; name the folder of its own tokenizer as processor.");
    }
}
