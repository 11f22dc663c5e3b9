using System.Diagnostics;
using System.Globalization;

namespace SpoActors.Silo.Tests.Processes;

/// <summary>A network of its own for a process, joined to this one by a cable that can be cut. Needs root and iproute2.</summary>
sealed class NetworkNamespace : IDisposable
{
    readonly string name = string.Create(CultureInfo.InvariantCulture, $"spo{Environment.ProcessId % 100000}");
    readonly string subnet = string.Create(CultureInfo.InvariantCulture, $"10.213.{Environment.ProcessId % 250}");

    NetworkNamespace()
    {
    }

    /// <summary>This side's address.</summary>
    public string Outside => $"{subnet}.1";

    /// <summary>The other side's address.</summary>
    public string Inside => $"{subnet}.2";

    /// <summary>What runs a program inside.</summary>
    public IReadOnlyList<string> Launcher => ["ip", "netns", "exec", name];

    /// <summary>Makes it, or skips the test where that is not allowed.</summary>
    public static NetworkNamespace Require()
    {
        var network = new NetworkNamespace();
        if (Try($"netns add {network.name}") is { } error)
        {
            if (Environment.GetEnvironmentVariable("SPO_CI") == "1") Assert.Fail($"ip netns add: {error}");
            Assert.Skip($"no network namespaces here: {error}");
        }
        Run($"link add {network.name} type veth peer name {network.name} netns {network.name}");
        Run($"addr add {network.Outside}/30 dev {network.name}");
        Run($"link set {network.name} up");
        Run($"-n {network.name} addr add {network.Inside}/30 dev {network.name}");
        Run($"-n {network.name} link set {network.name} up");
        Run($"-n {network.name} link set lo up");
        return network;
    }

    /// <summary>From now on every packet is lost, and nobody is told.</summary>
    public void Cut() => Run($"link set {name} down");

    public void Heal() => Run($"link set {name} up");

    public void Dispose() => Run($"netns delete {name}");

    static void Run(string arguments)
    {
        if (Try(arguments) is { } error) throw new InvalidOperationException($"ip {arguments}: {error}");
    }

    static string? Try(string arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
