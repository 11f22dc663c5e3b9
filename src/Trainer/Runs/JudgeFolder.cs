using SpoActors.Specification;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>The folder of a preference model's training, held by one process at a time.</summary>
public sealed class JudgeFolder : IDisposable
{
    readonly HeldFolder held;

    JudgeFolder(HeldFolder held) => this.held = held;

    public string Path => held.Path;

    /// <summary>Whether a training was there already.</summary>
    public bool IsResumed => held.IsResumed;

    /// <summary>The resolved configuration, in its canonical text.</summary>
    public string ConfigFile => System.IO.Path.Combine(Path, "config.yaml");

    public string LogFile => System.IO.Path.Combine(Path, "log.txt");

    /// <summary>Makes the training's folder, or opens it to resume.</summary>
    /// <param name="training">A validated specification.</param>
    /// <param name="resume">Go on with what is there; a training that is not there begins.</param>
    /// <exception cref="RunStateException">
    /// The folder holds a training and <paramref name="resume"/> is false, or holds another configuration, or is in use.
    /// </exception>
    public static JudgeFolder Open(PreferenceTrainingSpecification training, bool resume)
    {
        var folder = new JudgeFolder(HeldFolder.Open(System.IO.Path.GetFullPath(System.IO.Path.Combine(training.Output, training.Name)), resume));
        try
        {
            if (folder.IsResumed) StoredConfiguration.Check(folder.Path, folder.ConfigFile, training, "or start one of another name");
            StoredConfiguration.Write(folder.ConfigFile, training);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="HeldFolder.Abandon"/>
    public void Abandon() => held.Abandon();

    public void Dispose() => held.Dispose();
}
