using Microsoft.Extensions.Logging;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Workers;

public abstract partial class WorkerSession
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Worker} serves run {Run}")]
    partial void LogServing(WorkerId worker, string run);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Worker} left run {Run}")]
    partial void LogLeft(WorkerId worker, string run);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Worker} cannot serve run {Run}")]
    partial void LogProblem(Exception exception, WorkerId worker, string run);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Worker} found that run {Run} cannot go on: {Message}")]
    partial void LogDiverged(WorkerId worker, string run, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Worker}: {Item} failed")]
    partial void LogItemFailed(Exception exception, WorkerId worker, ItemId item);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Worker}: a call to run {Run} failed: {Message}")]
    partial void LogCallFailed(WorkerId worker, string run, string message);
}
