using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using SpoActors.Silo.Hosting;
using SpoActors.Specification.Silos;
using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Silo.Tests.Hosting;

/// <summary>What a silo answers over HTTP.</summary>
public sealed class SiloApplicationTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Http_WhenTokenIsSet_AsksForItButForHealth()
    {
        var ports = new SiloPlan("any", "", "");
        await using var app = await StartAsync(ports, token: "s3cret");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports.HttpPort}") };
        foreach (var path in new[] { "/metrics", "/dashboard", "/nothing" }) Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, path));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/health/live"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/health/ready"));

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cre");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, "/metrics"));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cret");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/metrics"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/dashboard/"));
        await app.StopAsync(Cancellation);
    }

    static async Task<HttpStatusCode> StatusAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return response.StatusCode;
    }

    static async Task<WebApplication> StartAsync(SiloPlan ports, string token)
    {
        var app = SiloApplication.Build(new SiloSettings
        {
            Name = "one",
            Roles = [],
            Cluster = new ClusterSettings { SiloPort = ports.SiloPort, GatewayPort = ports.GatewayPort },
            Http = new HttpSettings { Port = ports.HttpPort, Token = token },
        });
        await app.StartAsync(Cancellation);
        return app;
    }
}
