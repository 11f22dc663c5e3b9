namespace SpoActors.Trainer.Judges;

/// <summary>Prompts as they are, for judges that need nothing else of them.</summary>
sealed class PromptTexts(IReadOnlyList<string> prompts) : IPreparedPrompts
{
    public IReadOnlyList<string> Prompts => prompts;

    public int Count => prompts.Count;

    public IPreparedPrompts Rows(IReadOnlyList<int> rows) => new PromptTexts([.. rows.Select(r => prompts[r])]);

    public void Dispose()
    {
    }
}
