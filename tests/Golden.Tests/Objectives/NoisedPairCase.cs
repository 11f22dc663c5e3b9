using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>The batch of a case of own pairs: both images noised to one timestep with one noise.</summary>
sealed class NoisedPairCase(GoldenCase golden, GoldenAssert check, ObjectiveReplay replay)
{
    /// <summary>The batch; as in the originals one forward pass of a model serves both sides, winners first.</summary>
    public ObjectiveInputs Inputs(TinyDenoiser? reference, TinyDenoiser? slow = null)
    {
        var (win, lose) = (Side("win"), Side("lose"));
        var (policyWin, policyLose) = Both(replay.Policy);
        var (referenceWin, referenceLose) = reference is null ? (null, null) : Both(reference);
        var (slowWin, slowLose) = slow is null ? (null, null) : Both(slow);
        return new ObjectiveInputs
        {
            Process = replay.Process,
            Win = win with { Policy_MCHW = policyWin, Reference_MCHW = referenceWin?.detach(), Slow_MCHW = slowWin?.detach() },
            Lose = lose with { Policy_MCHW = policyLose, Reference_MCHW = referenceLose?.detach(), Slow_MCHW = slowLose?.detach() },
        };

        (Tensor Win, Tensor Lose) Both(TinyDenoiser model)
        {
            var prompt = golden.Tensor("prompt");
            var halves = model.Predict(
                cat([win.Current_MCHW, lose.Current_MCHW]), cat([win.Timesteps_M, lose.Timesteps_M]), cat([prompt, prompt])).chunk(2);
            return (halves[0], halves[1]);
        }
    }

    SampleSide Side(string side)
    {
        var (x0, noise, timesteps) = (golden.Tensor($"latents_{side}"), golden.Tensor("noise"), golden.Tensor("timesteps"));
        var x = replay.Schedule.AddNoise(x0, noise, timesteps);
        return new SampleSide
        {
            Timesteps_M = timesteps,
            Current_MCHW = x,
            Policy_MCHW = x,
            Target_MCHW = replay.Schedule.Config.PredictionType switch
            {
                PredictionType.Epsilon => noise,
                PredictionType.VPrediction => replay.Schedule.Velocity(x0, noise, timesteps),
                _ => x0,
            },
        };
    }

    /// <summary>The noised images, where the case records them.</summary>
    public void Images(ObjectiveInputs inputs)
    {
        check.Close("noisy_win", inputs.Win.Current_MCHW);
        check.Close("noisy_lose", inputs.Lose!.Current_MCHW);
    }

    /// <summary>Errors, margin and what the original logs of them.</summary>
    public void Errors(ObjectiveResult result)
    {
        var details = result.Details;
        check.Close("mse.win", details["error_win"]);
        check.Close("mse.lose", details["error_lose"]);
        check.Close("mse.ref_win", details["error_win_reference"]);
        check.Close("mse.ref_lose", details["error_lose_reference"]);
        check.Close("inside", details["margin"]);
        check.Close("implicit_acc", tensor((float)result.ReadMetrics()[ObjectiveMetrics.Accuracy]));
        if (golden.Has("raw_model_loss")) check.Close("raw_model_loss", 0.5 * (details["error_win"].mean() + details["error_lose"].mean()));
        if (golden.Has("raw_ref_loss")) check.Close("raw_ref_loss", 0.5 * (details["error_win_reference"].mean() + details["error_lose_reference"].mean()));
        if (golden.Has("loss_per_sample")) check.Close("loss_per_sample", result.LossPerSample);
    }
}
