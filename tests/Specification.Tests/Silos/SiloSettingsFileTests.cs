using SpoActors.Specification.Silos;

namespace SpoActors.Specification.Tests.Silos;

public sealed class SiloSettingsFileTests
{
    [Fact]
    public void Read_WhenFileIsTheShippedOne_HasEveryKeyAtItsDefault()
    {
        var path = Repository.PathOf("config/silo.yaml");
        var (read, built) = (SiloSettingsFile.Read(path), new SiloSettings());
        Assert.Equal(built with { Roles = read.Roles, Devices = read.Devices }, read);
        Assert.Equal(built.Roles, read.Roles);
        Assert.Equal(built.Devices, read.Devices);
        var text = File.ReadAllText(path);
        Assert.All(
            new[] { typeof(SiloSettings), typeof(ClusterSettings), typeof(HttpSettings), typeof(TracingSettings) }.SelectMany(t => t.GetProperties()).Where(p => p.CanWrite),
            property => Assert.Contains($"{YamlDotNet.Serialization.NamingConventions.UnderscoredNamingConvention.Instance.Apply(property.Name)}:", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_WhenADeviceHasRolesOfItsOwn_TheOthersHaveTheSilos()
    {
        var read = Read("""
            roles: [sampler, scorer]
            devices: ["cuda:0", { device: "cuda:1" }, { device: "cuda:2", roles: [trainer] }]
            """);
        Assert.Equal(["cuda:0 sampler,scorer", "cuda:1 sampler,scorer", "cuda:2 trainer"], read.Devices.Select(d => $"{d.Device} {string.Join(',', read.RolesOf(d))}"));
    }

    [Fact]
    public void Read_WhenDevicesWithRolesAreWrong_ListsEverythingAtOnce()
    {
        var error = Assert.Throws<SpecificationException>(() => Read("""
            devices: ["cuda:0", { device: "cuda:0", roles: [trainer, trainer] }, { roles: [] }, { devise: "cuda:1" }]
            """));
        foreach (var part in new[]
                 {
                     "devices: found cuda:0 twice", "devices[1].roles: found trainer twice", "devices: found nothing; expected cpu:N or cuda:N", "devices[2].roles: found an empty list",
                     "devices[3].devise: found an unknown key",
                 }) Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenADeviceIsAList_SaysWhatItMayBe() =>
        Assert.Contains("devices: found a list; expected a list of sections", Assert.Throws<SpecificationException>(() => Read("devices: [[1]]")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_WhenMuchIsWrong_ListsEverythingAtOnce()
    {
        var error = Assert.Throws<SpecificationException>(() => Read("""
            name: a/b
            roles: [sampler, judge]
            devices: ["cpu:0", "tpu:0", "cpu:0"]
            log: xml
            cluster:
              kind: etcd
              address: 10.0.0.1
              failure_seconds: 0
            http:
              address: 0.0.0.0
              port: 0
            """));
        foreach (var part in new[]
                 {
                     "name: found a/b", "roles: found judge; expected sampler, scorer or trainer", "devices: found tpu:0; expected cpu:N or cuda:N", "devices: found cpu:0 twice",
                     "log: found xml", "cluster.kind: found etcd", "cluster.address: found 10.0.0.1", "cluster.failure_seconds: found 0", "http.token: found nothing", "http.port: found 0",
                 }) Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenNamesPortsAndTimesAreOutOfBounds_ListsEverythingAtOnce()
    {
        var error = Assert.Throws<SpecificationException>(() => Read("""
            name: "two words"
            roles: [sampler, Sampler]
            runs_folder: /etc/hostname
            drain_seconds: -1
            cluster:
              id: "a/b"
              silo_port: 70000
              gateway_port: 8080
              failure_seconds: 2147483647
            """));
        foreach (var part in new[]
                 {
                     "name: found two words; expected at most 150 letters", "roles: found sampler twice", "runs_folder: found /etc/hostname, which is a file", "drain_seconds: found -1; expected 0 to 86400",
                     "cluster.id: found a/b", "cluster.silo_port: found 70000; expected 1 to 65535", "cluster.gateway_port, http.port: found 8080; expected every port once", "cluster.failure_seconds: found 2147483647; expected 3 to 3600",
                 }) Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenKeysAreMistyped_SuggestsAllAtOnce()
    {
        var error = Assert.Throws<SpecificationException>(() => Read("rolls: [sampler]\ncluster: { knd: redis, silo_prot: 1 }\nhttp: { port: eighty }\n"));
        foreach (var part in new[] { "roles", "cluster.knd", "cluster.kind", "cluster.silo_prot", "silo_port", "http.port: found 'eighty'" })
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenKeyIsUnknown_NamesItsLine() =>
        Assert.Contains("line 2", Assert.Throws<SpecificationException>(() => Read("name: a\nrolls: [sampler]\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_WhenFileIsMissing_PointsToTheShippedOne() =>
        Assert.Contains("config/silo.yaml", Assert.Throws<SpecificationException>(() => SiloSettingsFile.Read("/nowhere.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_WhenSecretIsInTheEnvironment_TakesItFromThere()
    {
        Environment.SetEnvironmentVariable("SPO_TEST_SECRET", "s3cret");
        Assert.Equal("s3cret", Read("http:\n  address: 0.0.0.0\n  token: env:SPO_TEST_SECRET\n").Http.Token);
        Assert.Contains("http.token", Assert.Throws<SpecificationException>(() => Read("http:\n  address: 0.0.0.0\n  token: env:SPO_TEST_NO_SECRET\n")).Message, StringComparison.Ordinal);
    }

    static SiloSettings Read(string text)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            return SiloSettingsFile.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
