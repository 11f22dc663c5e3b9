using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Specification.Silos;

namespace SpoActors.Silo.Tests.Hosting;

public sealed class RoleTests
{
    [Fact]
    public void RolesOfTheSettings_Always_AreThoseOfTheGrains() =>
        Assert.Equal(Enum.GetNames<WorkerRole>(), SiloSettings.KnownRoles, StringComparer.OrdinalIgnoreCase);
}
