namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>The six kinds of GenEval's 553 prompts. Only counting is judged differently; another tag is judged as the rest are.</summary>
public static class GenEvalTags
{
    public const string SingleObject = "single_object", TwoObject = "two_object", Counting = "counting",
        Colors = "colors", Position = "position", ColorAttribution = "color_attr";

    /// <summary>In the order of the published tables.</summary>
    public static IReadOnlyList<string> Names { get; } = [SingleObject, TwoObject, Counting, Colors, Position, ColorAttribution];
}
