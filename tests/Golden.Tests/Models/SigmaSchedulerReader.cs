using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Diffusion.Samplers;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>Euler and DPM-Solver++: timesteps, noise levels, whole trajectories on the cases' fake model.</summary>
public sealed class SigmaSchedulerReader : IGoldenReader
{
    const string EulerSource = "diffusers.EulerDiscreteScheduler", DpmSolverSource = "diffusers.DPMSolverMultistepScheduler";

    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source is EulerSource or DpmSolverSource;

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            var (variant, name) = (output[..output.IndexOf('.')], output[(output.IndexOf('.') + 1)..]);
            var config = golden.Config.GetProperty(variant);
            var steps = config.GetProperty("steps").GetInt32();
            var noise = golden.Tensor("noise");
            if (name == "trajectory") check.Close(output, Run(golden, config, steps, noise).Trajectory);
            else if (name == "model_inputs") check.Close(output, Run(golden, config, steps, noise).ModelInputs);
            else if (SchedulerCases.CountAfter(name.Replace("_steps", "", StringComparison.Ordinal), "final_of_") is { } length)
                check.Close(output, Run(golden, config, length, noise).Trajectory[-1]);
            else if (Table(golden, config, name, steps) is not { } table) check.Fail($"the reader doesn't know the output '{output}'");
            else if (golden.Tensor(output).dtype == ScalarType.Int64) check.Equal(output, table, golden.Tensor(output));
            else check.Close(output, table);
        }
    }

    static Tensor? Table(GoldenCase golden, JsonElement config, string name, int steps)
    {
        foreach (var kind in (string[])["timesteps", "sigmas", "init_noise_sigma"])
        {
            if (name != kind && SchedulerCases.CountAfter(name, kind + "_") is null) continue;
            var (sampler, sigmas) = Create(golden, config, SchedulerCases.CountAfter(name, kind + "_") ?? steps);
            return kind switch
            {
                "timesteps" => tensor(sampler.Timesteps.ToArray()),
                "sigmas" => tensor(sigmas.ToArray()),
                _ => tensor([sampler.InitNoiseSigma]),
            };
        }
        return null;
    }

    static (Tensor Trajectory, Tensor ModelInputs) Run(GoldenCase golden, JsonElement config, int steps, Tensor noise)
    {
        var (sampler, _) = Create(golden, config, steps);
        using var owned = sampler;
        var latents = noise * sampler.InitNoiseSigma;
        List<Tensor> trajectory = [latents], inputs = [];
        for (var step = 0; step < steps; step++)
        {
            var input = sampler.ScaleModelInput(latents, step);
            inputs.Add(input);
            latents = sampler.Step(input * (0.1 * Math.Cos(sampler.Timesteps[step] / 1000.0)), step, latents);
            trajectory.Add(latents);
        }
        return (stack(trajectory), stack(inputs));
    }

    static (IDiffusionSampler Sampler, IReadOnlyList<float> Sigmas) Create(GoldenCase golden, JsonElement config, int steps)
    {
        var schedule = NoiseSchedule.Create(SchedulerConfig.Parse(config, golden.Folder));
        if (golden.Source == EulerSource)
        {
            var euler = new EulerSampler(schedule, steps);
            return (euler, euler.Sigmas);
        }
        var solver = new DpmSolverSampler(schedule, steps);
        return (solver, solver.Sigmas);
    }
}
