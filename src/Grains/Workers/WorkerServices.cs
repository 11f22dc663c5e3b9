using Microsoft.Extensions.Logging;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Resilience;
using SpoActors.Grains.Telemetry;

namespace SpoActors.Grains.Workers;

/// <summary>What every worker of a silo uses.</summary>
public sealed record WorkerServices(
    WorkerOptions Options,
    IGrainFactory Grains,
    IComputeFactory Compute,
    Calls Calls,
    TimeProvider Time,
    PipelineInstruments Instruments,
    ILoggerFactory Logging);
