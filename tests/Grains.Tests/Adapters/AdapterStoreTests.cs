using System.Security.Cryptography;
using SpoActors.Grains.Adapters;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Tests.Adapters;

/// <summary>Adapters of a trainer, its predecessor and its successor in one folder.</summary>
public sealed class AdapterStoreTests : IDisposable
{
    static readonly TrainerEpoch Old = new(3, Guid.NewGuid()), Twin = new(3, Guid.NewGuid()), New = new(4, Guid.NewGuid());

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("spo-adapters");

    [Fact]
    public void Put_ByAReplacedTrainer_LeavesWhatItsSuccessorAnnounced()
    {
        var announced = Store(New).Put(5, [1]);
        Store(Old).Put(5, [2]);
        Assert.Equal([1], Store(New).ReadChunk(announced.Hash, 0));
        Assert.Equal(announced, Assert.Single(Store(New).List(0)));
    }

    [Fact]
    public void Prune_ByAReplacedTrainer_LeavesWhatItsSuccessorAndItsTwinAnnounced()
    {
        var (newer, twin) = (Store(New).Put(1, [1]), Store(Twin).Put(1, [2]));
        Store(Old).Put(1, [3]);
        Store(Old).Prune(9);
        Assert.Equal([1], Store(New).ReadChunk(newer.Hash, 0));
        Assert.Equal([2], Store(Twin).ReadChunk(twin.Hash, 0));
        Assert.Equal(2, folder.GetFiles().Length);
    }

    [Fact]
    public void Prune_OfConsumedRounds_RemovesThoseOfEarlierTrainersToo()
    {
        Store(Old).Put(1, [1]);
        Store(New).Put(2, [2]);
        Store(New).Put(3, [3]);
        Store(New).Prune(3);
        Assert.Equal([3], Store(New).List(0).Select(a => a.Version));
        Assert.Single(folder.GetFiles());
    }

    [Fact]
    public void List_AfterATakeover_HasThePredecessorsVersionsAndOwnOnesFirst()
    {
        var before = Store(Old).Put(4, [4]);
        Store(Old).Put(5, [5]);
        var own = Store(New).Put(5, [6]);
        Assert.Equal([before, own], Store(New).List(4));
    }

    [Fact]
    public void List_OfAFolderOfAnEarlierRelease_HasItsVersions()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData([7]));
        File.WriteAllBytes(Path.Combine(folder.FullName, $"v000002-{hash}.safetensors"), [7]);
        File.WriteAllBytes(Path.Combine(folder.FullName, "v2.safetensors"), [8]);
        Assert.Equal((2, hash), (Assert.Single(Store(New).List(0)).Version, Store(New).List(0)[0].Hash));
    }

    public void Dispose() => folder.Delete(recursive: true);

    AdapterStore Store(TrainerEpoch epoch) => new(folder.FullName, epoch);
}
