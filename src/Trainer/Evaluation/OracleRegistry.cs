using SpoActors.Specification;

namespace SpoActors.Trainer.Evaluation;

/// <summary>Makes the oracle of a run.</summary>
/// <param name="run">The run.</param>
/// <param name="say">Told how far the measuring has come, on any thread.</param>
/// <exception cref="SpoActors.Trainer.Checkpoints.CheckpointException">The run's model is none that it can measure.</exception>
public delegate IRunOracle OracleFactory(RunSpecification run, Action<string> say);

/// <summary>The oracles that runs may name as <c>evaluation.oracle</c>. There are none but those that plug-ins register.</summary>
public sealed class OracleRegistry
{
    readonly SortedDictionary<string, OracleFactory> factories = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Register(string name, OracleFactory factory)
    {
        if (name == EvaluationSpecification.NoOracle || !factories.TryAdd(name, factory))
            throw new ArgumentException($"there is an oracle '{name}' already; give this one another name.", nameof(name));
    }

    /// <summary>Refuses a run whose oracle nobody has registered, before any work starts.</summary>
    /// <exception cref="SpecificationException">The message lists those that there are.</exception>
    public void EnsureKnown(RunSpecification run)
    {
        var name = run.Evaluation.Oracle;
        if (name != EvaluationSpecification.NoOracle && !factories.ContainsKey(name))
            throw new SpecificationException($"the configuration of '{run.Name}'", [new Problem("evaluation.oracle", name,
                string.Join(", ", factories.Keys.Prepend(EvaluationSpecification.NoOracle)), "Correct the name, or add the plug-in that has it (plugins/ beside the executable, or SPO_PLUGINS).")]);
    }

    /// <summary>The oracle that a run names; null if it wants none.</summary>
    /// <exception cref="SpecificationException">There is no such oracle.</exception>
    public IRunOracle? Create(RunSpecification run, Action<string> say)
    {
        EnsureKnown(run);
        return factories.GetValueOrDefault(run.Evaluation.Oracle)?.Invoke(run, say);
    }
}
