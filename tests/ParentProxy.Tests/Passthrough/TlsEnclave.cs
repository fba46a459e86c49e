using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>An enclave in which TLS ends: answers every request with its name and the server name that the client sent.</summary>
internal sealed class TlsEnclave : IAsyncDisposable
{
    private const string ServerName = "server name";

    private readonly WebApplication _application;
    private readonly X509Certificate2 _certificate;
    private int _requests;

    private TlsEnclave(TestCertificate certificate, string name)
    {
        // The platform wants a key that is not only in memory.
        using var read = X509Certificate2.CreateFromPemFile(certificate.Path, certificate.KeyPath);
        _certificate = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https => https.ServerCertificateSelector = Choose)));
        _application = builder.Build();
        _application.Run(context =>
        {
            Interlocked.Increment(ref _requests);
            var answer = $"{name} {context.Features.Get<IConnectionItemsFeature>()!.Items[ServerName]}";
            context.Response.ContentLength = answer.Length;
            return context.Response.WriteAsync(answer);
        });
    }

    public string EndPoint => _application.Urls.Single().Replace("https://", "tcp://", StringComparison.Ordinal);

    public int Requests => Volatile.Read(ref _requests);

    public static async Task<TlsEnclave> StartAsync(TestCertificate certificate, string name = "")
    {
        var enclave = new TlsEnclave(certificate, name);
        await enclave._application.StartAsync();
        return enclave;
    }

    private X509Certificate2 Choose(ConnectionContext? connection, string? serverName)
    {
        connection!.Items[ServerName] = serverName;
        return _certificate;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _certificate.Dispose();
    }
}
