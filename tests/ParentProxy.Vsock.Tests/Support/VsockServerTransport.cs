using Microsoft.Extensions.DependencyInjection;

namespace ParentProxy.Vsock.Tests;

/// <summary>The transport as an application uses it, over loopback, on a port that needs more than 16 bits.</summary>
internal sealed class VsockServerTransport : IServerTransport
{
    public VsockEndPoint EndPoint { get; } = new(VsockCid.Local, (uint)Random.Shared.NextInt64(100_000, uint.MaxValue));

    public void Register(IServiceCollection services) => services.AddVsockTransport();

    public async ValueTask<VsockStream> DialAsync(CancellationToken cancellationToken) =>
        await VsockClient.ConnectAsync(EndPoint, new VsockConnectOptions { ConnectTimeout = Safety.Limit }, cancellationToken);
}
