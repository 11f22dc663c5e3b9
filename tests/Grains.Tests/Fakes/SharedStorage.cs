using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Serialization;
using Orleans.Storage;

namespace SpoActors.Grains.Tests.Fakes;

/// <summary>Grain storage with ETags that outlives silos, as a database does.</summary>
public sealed class SharedStorage
{
    readonly ConcurrentDictionary<string, (byte[] Content, long Version)> rows = new();

    /// <summary>Called before every write; may throw: the database is away.</summary>
    public Action<string> OnWrite { get; set; } = _ => { };

    /// <summary>All that is stored now.</summary>
    public IReadOnlyDictionary<string, (byte[] Content, long Version)> Copy() => rows.ToDictionary();

    /// <summary>What a storage holds that has lost its last writes.</summary>
    public void Restore(IReadOnlyDictionary<string, (byte[] Content, long Version)> copy)
    {
        rows.Clear();
        foreach (var (key, row) in copy) rows[key] = row;
    }

    public IGrainStorage For(Serializer serializer) => new Provider(this, serializer);

    sealed class Provider(SharedStorage shared, Serializer serializer) : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (!shared.rows.TryGetValue(Key(stateName, grainId), out var row)) return Task.CompletedTask;
            (grainState.State, grainState.ETag, grainState.RecordExists) =
                (serializer.Deserialize<T>(row.Content), row.Version.ToString(CultureInfo.InvariantCulture), true);
            return Task.CompletedTask;
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var key = Key(stateName, grainId);
            shared.OnWrite(key);
            var content = serializer.SerializeToArray(grainState.State);
            var known = grainState.ETag is null ? 0 : long.Parse(grainState.ETag, CultureInfo.InvariantCulture);
            var written = known == 0
                ? shared.rows.TryAdd(key, (content, 1))
                : shared.rows.TryGetValue(key, out var row) && row.Version == known && shared.rows.TryUpdate(key, (content, known + 1), row);
            if (!written) throw new InconsistentStateException($"{key} has changed since version {known}");
            (grainState.ETag, grainState.RecordExists) = ((known + 1).ToString(CultureInfo.InvariantCulture), true);
            return Task.CompletedTask;
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            shared.rows.TryRemove(Key(stateName, grainId), out _);
            return Task.CompletedTask;
        }

        static string Key(string stateName, GrainId grainId) => $"{stateName}/{grainId}";
    }
}
