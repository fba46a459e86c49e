using System.Net.Sockets;
using ParentProxy.Endpoints;
using ParentProxy.Vsock;

namespace ParentProxy.Enclaves.Transports;

/// <summary>
/// No connection to an enclave came about, so nothing of a request can have been sent. Names what was dialled, what
/// happened (<see cref="Code"/>) and what to do.
/// </summary>
internal sealed class DialException : IOException
{
    /// <summary>The code of a dial that took longer than it may.</summary>
    public const string Timeout = "timeout";

    /// <summary>The code of a dial that succeeded when the enclave had just lost its traffic for want of attestation.</summary>
    public const string Untrusted = "untrusted";

    /// <summary>A failure by its name.</summary>
    public DialException(EnclaveEndpoint endpoint, string code, string meaning, string hint, Exception? inner = null)
        : base($"dialling {endpoint}: {code} ({meaning}). {hint}", inner)
    {
        Endpoint = endpoint;
        Code = code;
        Meaning = meaning;
        Hint = hint;
    }

    /// <summary>The endpoint that was dialled.</summary>
    public EnclaveEndpoint Endpoint { get; }

    /// <summary>
    /// The errno's name, <c>EAI_*</c>, <c>timeout</c>, <c>handshake</c> or <c>untrusted</c>: the <c>result</c> label of the metrics.
    /// </summary>
    public string Code { get; }

    /// <summary>What the code means on this transport.</summary>
    public string Meaning { get; }

    /// <summary>What an operator can do.</summary>
    public string Hint { get; }

    /// <summary>
    /// Whether a full accept queue answers like this too (ECONNRESET on vsock, EAGAIN on a unix socket), so that the
    /// same dial may succeed a moment later.
    /// </summary>
    public bool MayBeFullQueue => Code is "ECONNRESET" or "EAGAIN";

    /// <summary>Whether it says nothing about the enclave: this process, or this machine, has no descriptor left.</summary>
    public bool IsLocal => Code is "EMFILE" or "ENFILE";

    /// <summary>The failure of a vsock dial.</summary>
    public static DialException From(EnclaveEndpoint endpoint, VsockException exception) =>
        new(endpoint, exception.Errno.Name, exception.Meaning, exception.Hint, exception);

    /// <summary>The failure of a TCP or unix socket dial, or of a name look-up.</summary>
    public static DialException From(EnclaveEndpoint endpoint, SocketException exception)
    {
        var code = exception.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData => "EAI_NONAME",
            SocketError.TryAgain => "EAI_AGAIN",
            SocketError.NoRecovery => "EAI_FAIL",
            // The runtime reports a missing socket file as EADDRNOTAVAIL.
            SocketError.AddressNotAvailable when endpoint.Path.Length > 0 => "ENOENT",
            var other => Errno.FromSocketError(other).Name,
        };
        var (meaning, hint) = Explain(endpoint, code);
        return new DialException(endpoint, code, meaning, hint, exception);
    }

    /// <summary>A dial that took longer than <c>Timeouts:Connect</c>.</summary>
    public static DialException TimedOut(EnclaveEndpoint endpoint, TimeSpan timeout) => new(
        endpoint,
        Timeout,
        FormattableString.Invariant($"no answer within {timeout.TotalSeconds:0.###} s"),
        endpoint.Transport == EnclaveTransport.Vsock
            ? "Does the CID belong to a running enclave? See 'nitro-cli describe-enclaves'; CIDs change when an enclave restarts."
            : "Is the address right and the machine reachable? Timeouts:Connect sets the time.");

    private static (string Meaning, string Hint) Explain(EnclaveEndpoint endpoint, string code) => code switch
    {
        "ECONNREFUSED" when endpoint.Path.Length > 0 => (
            "the socket file exists but nobody listens",
            "Start the program that serves this socket; the file is left over from one that ended."),
        "ECONNREFUSED" => ("nobody listens on this port", "Start the application, or correct host and port."),
        "ENOENT" => ("there is no such socket file", "Start the program that serves it, or correct the path."),
        "EACCES" => (
            "the socket may not be opened by this user",
            "Give the user parent-proxy write permission on the socket file and search permission on its folders."),
        "EAGAIN" => ("the accept queue is full", "The application accepts too slowly or its backlog is too short."),
        "ECONNRESET" => ("the connection was reset while it was made", "The application may have crashed, or its accept queue is full."),
        "EAI_NONAME" => ("the name does not resolve", "Correct TcpHost, or the DNS entry."),
        "EAI_AGAIN" => (
            "the name server did not answer",
            "Look at /etc/resolv.conf and the name server; the look-up is repeated with the next dial."),
        "EHOSTUNREACH" or "ENETUNREACH" => ("no route leads there", "Look at the routes and the firewall of this machine."),
        "ETIMEDOUT" => ("no answer", "Is the address right and the machine reachable?"),
        "EMFILE" or "ENFILE" => (
            "no file descriptor is left but those that the process keeps",
            "Raise LimitNOFILE of the unit or lower Limits:MaxConnections."),
        _ => ("the connection failed", "See the errno in 'man 2 connect'."),
    };
}
