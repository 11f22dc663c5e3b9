using Microsoft.Extensions.Logging;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Runs;

public sealed partial class RunGrain
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} {What}")]
    partial void LogStatus(string run, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: {Worker} is gone: {Reason}")]
    partial void LogWorkerGone(string run, WorkerId worker, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run}: {Worker} left")]
    partial void LogWorkerLeft(string run, WorkerId worker);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: the catalogue does not answer, which holds up nothing but lists: {Message}")]
    partial void LogNotRecorded(string run, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: {Worker} takes no work: {Problem}")]
    partial void LogWorkerProblem(string run, WorkerId worker, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Run {Run}: {Worker} is quarantined: {Error}")]
    partial void LogQuarantined(string run, WorkerId worker, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Item}: lease {Epoch:x} is lost: {Reason}")]
    partial void LogLeaseLost(ItemId item, long epoch, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Item} is set aside: {Error}")]
    partial void LogSetAside(ItemId item, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The state of run {Run} could not be written")]
    partial void LogNotSaved(Exception exception, string run);
}
