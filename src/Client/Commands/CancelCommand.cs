using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Client.Commands;

/// <summary><c>spo cancel</c>.</summary>
sealed class CancelCommand(ClusterServices services) : ControlCommand("cancel", "Cancel a run: its workers stop at once. It can be resumed from its last checkpoint.", RunAction.Cancel, services);
