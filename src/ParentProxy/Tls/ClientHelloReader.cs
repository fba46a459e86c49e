namespace ParentProxy.Tls;

/// <summary>
/// Reads the body of a ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2). All lengths have to agree. Of the extensions it knows
/// three, none of which may be there twice; the server reads the others.
/// </summary>
internal static class ClientHelloReader
{
    /// <summary>The application protocols that are kept for the log. Clients offer one to three.</summary>
    public const int MaxProtocols = 16;

    private const int VersionBytes = 2;
    private const int RandomBytes = 32;
    private const int MaxSessionIdBytes = 32;
    private const ushort ServerNameExtension = 0;
    private const ushort ProtocolsExtension = 16;
    private const ushort EncryptedHelloExtension = 0xFE0D;
    private const byte HostNameType = 0;
    private const byte OuterHello = 0;

    /// <summary>Reads what follows the header of the handshake message.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="hello">Null if there is a problem.</param>
    /// <returns>The problem; null if there is none.</returns>
    public static string? Read(ReadOnlySpan<byte> body, out ClientHello? hello)
    {
        hello = null;
        if (body is [_, _, ..] and not [3, ..])
            return $"a ClientHello of version {body[0]}.{body[1]}, in TLS it is 3.x";
        if (body.Length < VersionBytes + RandomBytes)
            return "the ClientHello ends before its session id";
        var rest = body[(VersionBytes + RandomBytes)..];
        if (!Vectors.TryTake8(ref rest, out var session) || session.Length > MaxSessionIdBytes)
            return "the session id of the ClientHello is too long";
        if (!Vectors.TryTake16(ref rest, out var suites) || suites.Length is 0 || suites.Length % 2 != 0)
            return "the list of cipher suites has an impossible length";
        if (!Vectors.TryTake8(ref rest, out var compressions) || compressions.Length == 0)
            return "the list of compression methods has an impossible length";

        if (rest.Length == 0)
            return Extensions([], out hello); // As before RFC 4366; still legal in TLS 1.2.
        if (!Vectors.TryTake16(ref rest, out var extensions) || rest.Length > 0)
            return "the extensions do not end where the ClientHello ends";
        return Extensions(extensions, out hello);
    }

    private static string? Extensions(ReadOnlySpan<byte> rest, out ClientHello? hello)
    {
        hello = null;
        string? name = null;
        string[]? protocols = null;
        bool? isEncrypted = null;
        while (rest.Length > 0)
        {
            if (!Vectors.TryTake16(ref rest, out var type, out var data))
                return "an extension does not end where the extensions end";
            string? problem = null;
            switch (type)
            {
                case ServerNameExtension:
                    problem = name is null ? Name(data, out name) : "server_name is there twice";
                    break;
                case ProtocolsExtension:
                    problem = protocols is null ? Protocols(data, out protocols) : "application_layer_protocol_negotiation is there twice";
                    break;
                case EncryptedHelloExtension:
                    problem = isEncrypted is null ? null : "encrypted_client_hello is there twice";
                    isEncrypted = data is [OuterHello, ..];
                    break;
                default:
                    break;
            }

            if (problem is not null)
                return problem;
        }

        hello = new ClientHello(name, protocols ?? [], isEncrypted ?? false);
        return null;
    }

    // RFC 6066 §3. Of a second entry, of whatever type, servers make different things: OpenSSL refuses it, others take the last.
    private static string? Name(ReadOnlySpan<byte> data, out string? name)
    {
        name = null;
        if (!Vectors.TryTake16(ref data, out var list) || data.Length > 0 || list.Length == 0)
            return "the list of server names has an impossible length";
        var type = list[0];
        list = list[1..];
        if (!Vectors.TryTake16(ref list, out var host))
            return "the server name does not end where its list ends";
        if (list.Length > 0)
            return "more than one server name";
        if (type != HostNameType)
            return $"a server name of type {type}, a host name is of type {HostNameType}";
        return ServerName.TryRead(host, out name, out var problem) ? null : problem;
    }

    private static string? Protocols(ReadOnlySpan<byte> data, out string[]? protocols)
    {
        protocols = null;
        if (!Vectors.TryTake16(ref data, out var list) || data.Length > 0 || list.Length == 0)
            return "the list of application protocols has an impossible length";
        var all = list;
        var count = 0;
        while (list.Length > 0)
        {
            if (!Vectors.TryTake8(ref list, out var protocol) || protocol.Length == 0)
                return "an application protocol has an impossible length";
            count++;
        }

        protocols = new string[Math.Min(count, MaxProtocols)];
        for (var i = 0; i < protocols.Length && Vectors.TryTake8(ref all, out var protocol); i++)
            protocols[i] = protocol.SequenceEqual("h2"u8) ? "h2" : protocol.SequenceEqual("http/1.1"u8) ? "http/1.1" : Visible.Of(protocol);
        return null;
    }
}
