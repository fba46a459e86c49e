using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Support;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Tests.Trust.Clients;

/// <summary>Whom the clients ask in tests.</summary>
internal static class TestPeer
{
    public static readonly AttestationRequest Request = new() { Nonce = "n0nce" };

    private static readonly EnclaveDialer Dialer = new(new VsockOptions { ToHost = ToHostMode.Never }, TimeProvider.System);

    public static AttestationPeer At(string endPoint, TimeProvider? time = null, TimeSpan? timeout = null)
    {
        Assert.True(EnclaveEndpoint.TryParse(endPoint, out var endpoint, out var reason), reason);
        return new AttestationPeer(
            endpoint!,
            token => Dialer.DialAsync(endpoint!, TestDeadline.Value, token),
            timeout ?? TestDeadline.Value,
            time ?? TimeProvider.System);
    }

    public static async Task<AttestationRequestException> FailureAsync(IAttestationClient client) =>
        await Assert.ThrowsAsync<AttestationRequestException>(() => client.RequestAsync(Request, CancellationToken.None));
}
