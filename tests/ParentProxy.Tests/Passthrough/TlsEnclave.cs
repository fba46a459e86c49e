using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using System.Security.Cryptography.X509Certificates;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>An enclave in which TLS ends: answers every request with the server name that its client sent.</summary>
internal sealed class TlsEnclave : IAsyncDisposable
{
    private readonly WebApplication _application;
    private int _requests;

    private TlsEnclave(TestCertificate certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var chain = X509Certificate2.CreateFromPemFile(certificate.Path, certificate.KeyPath);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen => listen.UseHttps(https => https.ServerCertificate = chain)));
        _application = builder.Build();
        _application.Run(async context =>
        {
            Interlocked.Increment(ref _requests);
            await context.Response.WriteAsync(
                context.Features.Get<Microsoft.AspNetCore.Connections.Features.ITlsHandshakeFeature>()!.HostName);
        });
    }

    public string EndPoint => _application.Urls.Single().Replace("https://", "tcp://", StringComparison.Ordinal);

    public int Requests => Volatile.Read(ref _requests);

    public static async Task<TlsEnclave> StartAsync(TestCertificate certificate)
    {
        var host = new TlsEnclave(certificate);
        await host._application.StartAsync();
        return host;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
