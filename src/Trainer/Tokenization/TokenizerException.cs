namespace SpoActors.Trainer.Tokenization;

/// <summary>A tokenizer's files cannot be used; the message names the file, what was found and what was expected.</summary>
public sealed class TokenizerException : Exception
{
    public TokenizerException(string message) : base(message) { }

    public TokenizerException(string message, Exception inner) : base(message, inner) { }
}
