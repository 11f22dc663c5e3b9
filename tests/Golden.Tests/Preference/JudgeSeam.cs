using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>A judge asked as a run asks it: prompts once, then decoder output.</summary>
static class JudgeSeam
{
    /// <summary>Scores [prompts, pictures], picture by picture since their sizes differ.</summary>
    public static Tensor Scores(IJudge judge, int prompts, IEnumerable<PixelImage> pictures)
    {
        using var prepared = judge.Prepare([.. Enumerable.Range(0, prompts).Select(RecordedTokenizer.Name)]);
        return stack([.. pictures.Select(picture =>
        {
            // As a decoder gives it: [-1, 1].
            var image_BCHW = (FromBytes(picture.ToRgb()) / 127.5 - 1).expand(prompts, -1, -1, -1);
            return judge.Score(image_BCHW, prepared, zeros(prompts));
        })], 1);
    }

    static Tensor FromBytes(PixelImage image) =>
        tensor(image.Data).view(1, image.Height, image.Width, image.Channels).permute(0, 3, 1, 2).to_type(ScalarType.Float32);

    /// <summary>A recording has token ids in place of prompts.</summary>
    /// <param name="ids_PL">The ids, a row for each prompt.</param>
    public sealed class RecordedTokenizer(Tensor ids_PL) : IPromptTokenizer
    {
        public static string Name(int prompt) => $"prompt {prompt}";

        public int MaxLength => (int)ids_PL.shape[1];

        public long[] Encode(string prompt) => ids_PL[int.Parse(prompt.AsSpan("prompt ".Length), System.Globalization.CultureInfo.InvariantCulture)].data<long>().ToArray();
    }
}
