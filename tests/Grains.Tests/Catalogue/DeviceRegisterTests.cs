using SpoActors.Grains.Catalogue;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Catalogue;

/// <summary>Which run a worker goes to, and who is given up.</summary>
public sealed class DeviceRegisterTests
{
    static readonly WorkerId FirstTrainer = new("a", "cpu:0", WorkerRole.Trainer), SecondTrainer = new("b", "cpu:0", WorkerRole.Trainer);

    readonly ManualTime time = new();
    readonly DeviceRegister register;
    readonly List<CatalogueEntry> running = [Run("old"), Run("new")];

    public DeviceRegisterTests() => register = new DeviceRegister(time);

    [Fact]
    public void Order_WhenTheSecondRunHasLess_OffersItFirst()
    {
        register.Serve(new RunWorkers("old", [FirstTrainer, Sampler(0), Sampler(1)]));
        register.Serve(new RunWorkers("new", [SecondTrainer]));
        Assert.Equal(["new", "old"], Offered(Sampler(2)));
    }

    [Fact]
    public void Order_OfSeveralWhoAskAtOnce_SpreadsThem()
    {
        register.Serve(new RunWorkers("old", [FirstTrainer]));
        register.Serve(new RunWorkers("new", [SecondTrainer]));
        Assert.Equal(["old", "new", "old", "new"], Enumerable.Range(0, 4).Select(i => Offered(Sampler(i))[0]));
    }

    [Fact]
    public void Order_WhenARunHasNoTrainer_OffersItLast()
    {
        register.Serve(new RunWorkers("old", []));
        register.Serve(new RunWorkers("new", [SecondTrainer, Sampler(0), Sampler(1)]));
        Assert.Equal("new", Offered(Sampler(2))[0]);
    }

    [Fact]
    public void Surplus_WhenASecondRunBegins_IsItsShare()
    {
        register.Serve(new RunWorkers("old", [FirstTrainer, .. Enumerable.Range(0, 4).Select(Sampler)]));
        Assert.Empty(register.For("old", [running[0]]).Surplus);
        register.Serve(new RunWorkers("new", [SecondTrainer]));
        Assert.Equal([Sampler(3), Sampler(2)], register.For("old", running).Surplus);
        Assert.Empty(register.For("new", running).Surplus);
    }

    [Fact]
    public void Surplus_ByPriority_IsMore()
    {
        running[1] = running[1] with { Priority = 3 };
        register.Serve(new RunWorkers("old", [FirstTrainer, .. Enumerable.Range(0, 4).Select(Sampler)]));
        register.Serve(new RunWorkers("new", [SecondTrainer]));
        Assert.Equal(3, register.For("old", running).Surplus.Count);
    }

    [Fact]
    public void Surplus_WhileOthersAreFree_IsNobody()
    {
        register.Serve(new RunWorkers("old", [FirstTrainer, Sampler(0), Sampler(1)]));
        register.Serve(new RunWorkers("new", [SecondTrainer]));
        foreach (var i in new[] { 2, 3 }) register.Free(Sampler(i));
        Assert.Empty(register.For("old", running).Surplus);
    }

    [Fact]
    public void Surplus_WhenTheOtherRunIsSilent_IsNobody()
    {
        register.Serve(new RunWorkers("new", [SecondTrainer]));
        time.Advance(TimeSpan.FromSeconds(21));
        register.Serve(new RunWorkers("old", [FirstTrainer, Sampler(0), Sampler(1)]));
        Assert.Empty(register.For("old", running).Surplus);
    }

    [Fact]
    public void Order_OfATrainer_IsTheOldestFirst()
    {
        register.Serve(new RunWorkers("old", [FirstTrainer]));
        Assert.Equal(["old", "new"], Offered(SecondTrainer));
    }

    IReadOnlyList<string> Offered(WorkerId worker)
    {
        register.Free(worker);
        return [.. register.Order(worker, running).Select(r => r.Run)];
    }

    static CatalogueEntry Run(string name) => new(name, RunStatus.Running, DateTimeOffset.UnixEpoch);

    static WorkerId Sampler(int index) => new("s", $"cpu:{index}", WorkerRole.Sampler);
}
