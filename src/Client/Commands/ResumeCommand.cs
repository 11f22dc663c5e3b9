using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Client.Commands;

/// <summary><c>spo resume</c>.</summary>
sealed class ResumeCommand(ClusterServices services) : ControlCommand("resume", "Go on with a paused or cancelled run.", RunAction.Resume, services);
