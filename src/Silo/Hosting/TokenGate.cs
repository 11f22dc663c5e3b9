using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace SpoActors.Silo.Hosting;

/// <summary>Lets requests with the token pass; health endpoints are open to all.</summary>
sealed class TokenGate(RequestDelegate next, string token)
{
    readonly byte[] expected = SHA256.HashData(Encoding.UTF8.GetBytes($"Bearer {token}"));

    public Task InvokeAsync(HttpContext context)
    {
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()));
        if (context.Request.Path.StartsWithSegments("/health") || CryptographicOperations.FixedTimeEquals(given, expected)) return next(context);
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }
}
