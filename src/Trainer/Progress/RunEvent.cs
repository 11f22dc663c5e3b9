namespace SpoActors.Trainer.Progress;

/// <summary>Something that happened in a run.</summary>
public abstract record RunEvent;

/// <summary>Work begins or goes on.</summary>
/// <param name="Name">Of the run.</param>
/// <param name="Folder">The run's folder.</param>
/// <param name="FirstRound">The round it starts at; above 0 after a resume.</param>
/// <param name="Rounds">Rounds of the whole run.</param>
/// <param name="Prompts">Prompts in the list.</param>
public sealed record RunStarted(string Name, string Folder, int FirstRound, int Rounds, int Prompts) : RunEvent;

/// <summary>A round begins.</summary>
/// <param name="Round">0-based.</param>
/// <param name="Prompts">Prompts it samples.</param>
public sealed record RoundStarted(int Round, int Prompts) : RunEvent;

/// <summary>How far a stage of a round has come.</summary>
/// <param name="Stage">Which.</param>
/// <param name="Round">0-based.</param>
/// <param name="Done">Units done: prompts encoded, denoising steps sampled, images decoded, pools scored, pairs trained on.</param>
/// <param name="Total">Units in the round, as far as is known.</param>
public sealed record StageProgress(RunStage Stage, int Round, long Done, long Total) : RunEvent;

/// <summary>A minibatch was trained on.</summary>
/// <param name="Samples">Samples in it.</param>
/// <param name="Loss">Their mean loss.</param>
/// <param name="Metrics">The objective's metrics by name.</param>
public sealed record MinibatchFinished(int Samples, double Loss, IReadOnlyDictionary<string, double> Metrics) : RunEvent;

/// <summary>The run is committed up to a round.</summary>
/// <param name="NextRound">The first round that is not in the checkpoint.</param>
/// <param name="Folder">The checkpoint's folder, relative to the run's.</param>
/// <param name="AdapterHash">SHA-256 of the adapter file.</param>
public sealed record CheckpointWritten(int NextRound, string Folder, string AdapterHash) : RunEvent;

/// <summary>Something a reader of the log should know.</summary>
public sealed record RunMessage(MessageLevel Level, string Text) : RunEvent;

/// <summary>All rounds are done.</summary>
/// <param name="Rounds">Rounds of the whole run.</param>
/// <param name="AdapterHash">SHA-256 of the final adapter file.</param>
/// <param name="ConsumedDigest">Hash chain over all pairs trained on.</param>
public sealed record RunFinished(int Rounds, string AdapterHash, string ConsumedDigest) : RunEvent;

/// <summary>Stages of a round, in the order of the dataflow.</summary>
public enum RunStage { Encode, Sample, Decode, Score, Train }

public enum MessageLevel { Information, Warning, Error }
