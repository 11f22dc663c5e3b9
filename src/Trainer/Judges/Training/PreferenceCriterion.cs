using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>
/// The preference loss on pairs of images of one prompt (PickScore, arXiv 2305.01569 section 4; paper section 4.1): cross-entropy of
/// the labels with softmax(s_0, s_1), s_i = exp(logit_scale) * cosine. Soft labels 0.5 / 0.5 are ties.
/// </summary>
/// <remarks>Shape letters: B pairs, P projection width.</remarks>
public static class PreferenceCriterion
{
    /// <summary>The loss, a scalar with gradient.</summary>
    /// <param name="features">Normalised features of prompts and both images, and the temperature.</param>
    /// <param name="labels">Which image is preferred.</param>
    /// <param name="inBatchNegatives">Contrast with all texts and images of the batch too; the original doesn't by default.</param>
    public static Tensor Loss(PairFeatures features, PairLabels labels, bool inBatchNegatives = false)
    {
        using var scope = NewDisposeScope();
        return Loss(features, labels, labels.Weights(), inBatchNegatives).MoveToOuterDisposeScope();
    }

    /// <inheritdoc cref="Loss(PairFeatures, PairLabels, bool)"/>
    /// <param name="features">Normalised features of prompts and both images, and the temperature.</param>
    /// <param name="labels">Which image is preferred.</param>
    /// <param name="weights_B">Weights of the pairs, where they are a part of a larger batch.</param>
    /// <param name="inBatchNegatives">Contrast with all texts and images of the batch too.</param>
    public static Tensor Loss(PairFeatures features, PairLabels labels, Tensor weights_B, bool inBatchNegatives)
    {
        using var scope = NewDisposeScope();
        var loss_B = inBatchNegatives ? ContrastiveLosses(features, labels) : PairLosses(features.Scores(), labels);
        return (weights_B * loss_B).sum().MoveToOuterDisposeScope();
    }

    // label_0 * CE(s, 0) + label_1 * CE(s, 1), whose minimum is ln 2 at a tie; the constant makes it 0.
    static Tensor PairLosses(Tensor scores_B2, PairLabels labels)
    {
        var log_B2 = log_softmax(scores_B2, -1);
        return -(labels.First_B * log_B2.select(1, 0) + labels.Second_B * log_B2.select(1, 1)) + TieConstant(labels);
    }

    static Tensor ContrastiveLosses(PairFeatures f, PairLabels labels)
    {
        var pairs = f.Text_BP.shape[0];
        var images = cat([f.First_BP, f.Second_BP]);
        var logits_TI = f.Scale * f.Text_BP.matmul(images.t());
        var text = log_softmax(logits_TI, -1);
        var image = log_softmax(logits_TI.t(), -1);
        var textLoss = -(labels.First_B * text.narrow(1, 0, pairs).diagonal() + labels.Second_B * text.narrow(1, pairs, pairs).diagonal())
            + TieConstant(labels);
        var imageLoss = -(labels.First_B * image.narrow(0, 0, pairs).diagonal() + labels.Second_B * image.narrow(0, pairs, pairs).diagonal());
        return (textLoss + imageLoss) / 2;
    }

    static Tensor TieConstant(PairLabels labels) => labels.First_B.eq(labels.Second_B).to_type(labels.First_B.dtype) * Math.Log(0.5);
}

/// <summary>Features of pairs, divided by their norm, and exp(logit_scale).</summary>
public sealed record PairFeatures(Tensor Text_BP, Tensor First_BP, Tensor Second_BP, Tensor Scale)
{
    /// <summary>Scores of both images, [B, 2].</summary>
    public Tensor Scores()
    {
        using var scope = NewDisposeScope();
        return (Scale * stack([(Text_BP * First_BP).sum(-1), (Text_BP * Second_BP).sum(-1)], -1)).MoveToOuterDisposeScope();
    }
}

/// <summary>Labels of pairs: 1 and 0 for a preference, 0.5 and 0.5 for a tie.</summary>
/// <param name="First_B">Share of the first image, float32.</param>
/// <param name="Second_B">Share of the second image.</param>
/// <param name="ExamplesPerPrompt_B">How often the data set holds the pair's prompt.</param>
public sealed record PairLabels(Tensor First_B, Tensor Second_B, Tensor ExamplesPerPrompt_B)
{
    /// <summary>Pairs of prompts that occur often count less: 1/n, normalised over the (global) batch.</summary>
    public Tensor Weights()
    {
        using var scope = NewDisposeScope();
        var inverse_B = 1 / ExamplesPerPrompt_B.to_type(First_B.dtype);
        return (inverse_B / inverse_B.sum()).MoveToOuterDisposeScope();
    }

    /// <summary>A model's own verdict: a preference where its probabilities differ by more than the threshold, strictly, else a tie.</summary>
    /// <param name="scores_B2">Scores of both images.</param>
    /// <param name="examplesPerPrompt_B">How often the data set holds each prompt.</param>
    /// <param name="threshold">0.1 in the original (SDXL).</param>
    public static PairLabels FromScores(Tensor scores_B2, Tensor examplesPerPrompt_B, double threshold)
    {
        using var scope = NewDisposeScope();
        var p_B2 = softmax(scores_B2, -1);
        var gap_B = p_B2.select(1, 0) - p_B2.select(1, 1);
        Tensor Share(Tensor gap) => full_like(gap, 0.5).masked_fill(gap > threshold, 1).masked_fill(gap < -threshold, 0);
        return new PairLabels(Share(gap_B).MoveToOuterDisposeScope(), Share(-gap_B).MoveToOuterDisposeScope(), examplesPerPrompt_B);
    }

    /// <summary>The labels on another device, as tensors of their own.</summary>
    public PairLabels To(Device device) => new(First_B.to(device, copy: true), Second_B.to(device, copy: true), ExamplesPerPrompt_B.to(device, copy: true));

    /// <summary>A part of the labels, as tensors of its own.</summary>
    public PairLabels Part(long at, long count)
    {
        Tensor Rows(Tensor all_B)
        {
            using var view = all_B.narrow(0, at, count);
            return view.clone();
        }
        return new PairLabels(Rows(First_B), Rows(Second_B), Rows(ExamplesPerPrompt_B));
    }

    /// <summary>1 for each pair that is no tie, else 0.</summary>
    public Tensor Decided() => First_B.ne(Second_B).to_type(First_B.dtype);

    /// <summary>
    /// Accuracy of each pair, the original's: the share of the image that has the larger probability. A tie therefore gives 0.5 to any
    /// decisive prediction, and equal probabilities give 0, even for a tie.
    /// </summary>
    /// <param name="probabilities_B2">Predicted probabilities.</param>
    public Tensor Accuracy(Tensor probabilities_B2)
    {
        using var scope = NewDisposeScope();
        var (p0, p1) = (probabilities_B2.select(1, 0), probabilities_B2.select(1, 1));
        return ((p0 > p1).to_type(First_B.dtype) * First_B + (p0 < p1).to_type(First_B.dtype) * Second_B).MoveToOuterDisposeScope();
    }
}
