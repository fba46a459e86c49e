using System.Globalization;
using System.Text;
using ParentProxy.Endpoints;

namespace ParentProxy.Enclaves.Transports;

/// <summary>
/// The host-initiated handshake of Firecracker's hybrid vsock (also Cloud Hypervisor, vhost-device-vsock):
/// <c>CONNECT port\n</c> is answered with <c>OK n\n</c>, or the connection is closed.
/// </summary>
internal static class HybridHandshake
{
    // "OK " + 10 digits + newline, with room for a stray CR.
    private const int MaxReplyBytes = 32;

    private const string NobodyListens = "Nothing listens on this vsock port inside the VM.";

    /// <summary>Performs the handshake and leaves the stream at the first byte of the application.</summary>
    /// <exception cref="DialException">Closed, or another response; its code is <c>handshake</c>.</exception>
    public static async Task ConnectAsync(Stream stream, EnclaveEndpoint endpoint, CancellationToken cancellationToken)
    {
        var request = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"CONNECT {endpoint.Port}\n"));
        var answer = new byte[MaxReplyBytes];
        var length = 0;
        try
        {
            await stream.WriteAsync(request, cancellationToken);

            // Byte by byte: what follows the newline belongs to the application already.
            while (length < answer.Length)
            {
                if (await stream.ReadAsync(answer.AsMemory(length, 1), cancellationToken) == 0)
                {
                    throw Failed(endpoint, "the connection was closed instead of an OK", NobodyListens);
                }

                if (answer[length++] == '\n')
                    break;
            }
        }
        catch (IOException ex) when (ex is not DialException)
        {
            throw Failed(endpoint, "the connection was reset instead of an OK", NobodyListens, ex);
        }

        if (length < 5 || answer[length - 1] != '\n' || !answer.AsSpan(0, 3).SequenceEqual("OK "u8))
        {
            throw Failed(
                endpoint,
                "the answer is not OK",
                "The socket does not belong to a hybrid vsock device; use transport 'unix' for a plain one.");
        }
    }

    private static DialException Failed(EnclaveEndpoint endpoint, string meaning, string hint, Exception? inner = null) =>
        new(endpoint, "handshake", meaning, hint, inner);
}
