using System.Globalization;
using System.Net.Sockets;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Vsock;

namespace ParentProxy.Trust.Clients;

/// <summary>Whom a client asks, and how long one answer may take. Turns whatever goes wrong into the one exception of clients.</summary>
/// <param name="endpoint">Where the enclave answers.</param>
/// <param name="dial">Opens a connection there.</param>
/// <param name="timeout">From the dial to the end of the answer.</param>
/// <param name="time">The clock of the time-out.</param>
internal sealed class AttestationPeer(
    EnclaveEndpoint endpoint, Func<CancellationToken, Task<EnclaveStream>> dial, TimeSpan timeout, TimeProvider time)
{
    /// <summary>The largest answer that is read, in bytes. With its document of 8 KiB it has some 12.</summary>
    public const int MaxAnswerBytes = 256 * 1024;

    /// <summary>Opens a connection of its own to the enclave.</summary>
    public Task<EnclaveStream> DialAsync(CancellationToken cancellationToken) => dial(cancellationToken);

    /// <summary>Runs an exchange within the time.</summary>
    /// <param name="what">What is asked, as failures name it.</param>
    /// <param name="exchange">Dials, asks and reads the answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<T> AskAsync<T>(string what, Func<CancellationToken, Task<T>> exchange, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await exchange(linked.Token);
        }
        catch (Exception ex) when (ex is not AttestationRequestException)
        {
            // A request that fails just when nobody wants it any more was given up.
            cancellationToken.ThrowIfCancellationRequested();
            throw deadline.IsCancellationRequested ? TimedOut(what, ex) : Explain(what, ex);
        }
    }

    /// <summary>The failure of an exchange.</summary>
    /// <param name="what">What was asked.</param>
    /// <param name="code">Its short name.</param>
    /// <param name="happened">What happened; goes on from "attest on tcp://…".</param>
    /// <param name="hint">What to do: whole sentences.</param>
    /// <param name="inner">What is behind it.</param>
    public AttestationRequestException Failed(string what, string code, string happened, string hint, Exception? inner = null) =>
        new(code, $"{what} on {endpoint} {happened}. {hint}", inner);

    private AttestationRequestException Explain(string what, Exception ex)
    {
        for (var cause = ex; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case DialException dial:
                    return new AttestationRequestException(dial.Code, $"{what} failed {dial.Message}", ex);
                case VsockException vsock:
                    return Failed(what, vsock.Errno.Name, $"failed: {vsock.Errno.Name} ({vsock.Meaning})", vsock.Hint, ex);
                case SocketException socket:
                    var errno = Errno.FromSocketError(socket.SocketErrorCode).Name;
                    return Failed(
                        what,
                        errno,
                        $"failed: {errno}, the connection broke",
                        "Look at the log of what answers there; it may have crashed.",
                        ex);
            }
        }

        return Failed(
            what,
            AttestationRequestException.Protocol,
            $"failed: {ex.GetBaseException().Message.TrimEnd('.')}",
            "Does what answers there speak this protocol?",
            ex);
    }

    // What is read over it may have failed in the meantime in its own words.
    private AttestationRequestException TimedOut(string what, Exception ex) => Failed(
        what,
        AttestationRequestException.Timeout,
        string.Create(CultureInfo.InvariantCulture, $"had no whole answer within {timeout.TotalSeconds:0.###} s"),
        "Is the enclave busy, or does what answers there speak another protocol?",
        ex);
}
