using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>Diffusion-SDPO's scale of the losing side alone.</summary>
public sealed class SdpoScaleReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("AIDC-AI/Diffusion-SDPO", StringComparison.Ordinal) && golden.Has("set0.scale");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var strengths = golden.Config.GetProperty("mu").EnumerateArray().Select(m => m.GetDouble()).ToArray();
        for (var set = 0; set < golden.Config.GetProperty("sets").GetInt32(); set++)
        {
            var (win, lose) = (Side(set, "win"), Side(set, "lose"));
            var scales = strengths.Select(mu => SdpoObjective.LoseScale(win, lose, mu)).ToArray();
            check.Close($"set{set}.scale", stack(scales.Select(s => s.Scale).ToArray()));
            check.Close($"set{set}.norm2", scales[0].Norm2.reshape(1));
            check.Close($"set{set}.dot", scales[0].Dot.reshape(1));
        }
        check.NoOutputLeftOut();

        SampleSide Side(int set, string side)
        {
            var prediction = golden.Tensor($"set{set}.pred_{side}");
            return new SampleSide
            {
                Timesteps_M = zeros([prediction.shape[0]], ScalarType.Int64),
                Current_MCHW = prediction,
                Policy_MCHW = prediction,
                Target_MCHW = golden.Tensor($"set{set}.target"),
            };
        }
    }
}
