using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Objectives;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>The links, and their gradients with respect to both log-ratios.</summary>
public sealed class PreferenceLinkReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("huggingface/trl", StringComparison.Ordinal) && golden.Has("log_ratio_win");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        foreach (var variant in golden.Config.GetProperty("variants").EnumerateObject())
        {
            var link = new PreferenceLink(Kind(variant.Value[0]), variant.Value[1].GetDouble(), variant.Value[2].GetDouble());
            var (win, lose) = (golden.Tensor("log_ratio_win").requires_grad_(true), golden.Tensor("log_ratio_lose").requires_grad_(true));
            var losses = link.Loss(link.Beta * (win - lose));
            losses.mean().backward();
            check.Close($"loss_per_sample.{variant.Name}", losses);
            check.Close($"loss.{variant.Name}", losses.mean().reshape(1));
            check.Close($"grad_win.{variant.Name}", win.grad!);
            check.Close($"grad_lose.{variant.Name}", lose.grad!);
        }
        check.NoOutputLeftOut();
    }

    static LinkKind Kind(JsonElement name) => name.GetString() switch
    {
        "sigmoid" => LinkKind.Sigmoid,
        "robust" => LinkKind.Robust,
        "hinge" => LinkKind.Hinge,
        "ipo" => LinkKind.Ipo,
        var other => throw new InvalidDataException($"the reader doesn't know the loss '{other}'"),
    };
}
