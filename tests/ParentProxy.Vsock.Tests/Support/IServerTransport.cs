using Microsoft.Extensions.DependencyInjection;

namespace ParentProxy.Vsock.Tests;

/// <summary>How a test's web server is listened to and dialled.</summary>
internal interface IServerTransport
{
    VsockEndPoint EndPoint { get; }

    void Register(IServiceCollection services);

    ValueTask<VsockStream> DialAsync(CancellationToken cancellationToken);
}
