using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Client.Commands;

/// <summary><c>spo pause</c>.</summary>
sealed class PauseCommand(ClusterServices services) : ControlCommand("pause", "Pause a run: what was begun is finished, nothing new begins.", RunAction.Pause, services);
