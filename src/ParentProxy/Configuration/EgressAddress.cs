using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Where egress listens for enclaves: <c>vsock://any:PORT</c> or <c>unix:PATH</c>.</summary>
/// <param name="Text">The address as it is written, the name of the listener in logs and metrics.</param>
/// <param name="Port">The vsock port; null for a unix socket.</param>
/// <param name="SocketPath">The path of a unix socket; null for vsock.</param>
internal sealed record EgressAddress(string Text, uint? Port, string? SocketPath)
{
    private const string Vsock = "vsock://";
    private const string Any = "any";

    /// <summary>The vsock port of CID 3 to which an enclave that boots reports, with <c>nitro-cli run-enclave</c> waiting for it.</summary>
    private const uint Heartbeat = 9000;

    /// <summary>Reads an address; binds nothing.</summary>
    public static Parsed<EgressAddress> Parse(string text)
    {
        if (UnixAddress.Parse(text) is { } unix)
            return unix.Select(path => new EgressAddress(UnixAddress.Text(path), null, path));

        var colon = text.LastIndexOf(':');
        if (!text.StartsWith(Vsock, StringComparison.OrdinalIgnoreCase) || colon < Vsock.Length)
            return new Mistake($"{Quoted.Text(text)} is neither vsock://any:PORT, like vsock://any:8443, nor unix:PATH");
        if (!text[Vsock.Length..colon].Equals(Any, StringComparison.OrdinalIgnoreCase))
            return new Mistake(
                $"{Quoted.Text(text)} names a CID, but egress listens on every CID of this machine; write vsock://any:PORT, "
                    + "and in the Cids of a rule which enclaves it is for");
        var (port, number) = Values.Number(text[(colon + 1)..], 0u, uint.MaxValue);
        return (number ?? CheckPort(port)) is { } wrong ? new Mistake(wrong) : new EgressAddress($"{Vsock}{Any}:{port}", port, null);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static string? CheckPort(uint port) => port switch
    {
        0 => "port 0 cannot be dialled: enclaves have to know the port",
        uint.MaxValue => "port 4294967295 means \"any\": enclaves have to know the port",
        Heartbeat => $"port {Heartbeat} is taken by enclaves that boot: each reports to it on CID 3, where nitro-cli run-enclave waits; "
            + "choose another",
        _ => null,
    };
}
