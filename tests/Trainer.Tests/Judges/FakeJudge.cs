using SpoActors.Trainer.Judges;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

/// <summary>Scores an input by a function of its mean and its prompt, and remembers how many it saw in each call.</summary>
sealed class FakeJudge(Func<float, string, float> score, string name = "fake", double scale = 1, JudgeInput input = JudgeInput.Images) : IJudge
{
    public List<int> Calls { get; } = [];

    public string Name => name;

    public JudgeInput Input => input;

    public bool KnowsTimestep => false;

    public Device Device => CPU;

    public double Scale => scale;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts) => new PromptTexts(prompts);

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        Calls.Add(prompts.Count);
        var texts = ((PromptTexts)prompts).Prompts;
        return tensor([.. inputs_BCHW.flatten(1).mean([1]).data<float>().Select((mean, i) => score(mean, texts[i]))]);
    }

    public void Dispose()
    {
    }
}
