using ParentProxy.Configuration;
using ParentProxy.Tls;

namespace ParentProxy.Passthrough;

/// <summary>The settings of a listener, ready to be asked. Replaced whole by a reload; open connections keep theirs.</summary>
internal sealed class PassthroughRoutes(PassthroughOptions options)
{
    private readonly ServerNameTable<PassthroughTarget?> _names =
        new(options.Sni.Select(entry => KeyValuePair.Create(entry.Key.ToLowerInvariant(), entry.Value)));

    /// <summary>As they were configured.</summary>
    public PassthroughOptions Options => options;

    /// <summary>Whether the ClientHello is read.</summary>
    public bool ReadsServerName => options.Sni.Count > 0;

    /// <summary>Whether anything is read, or asked of the client's socket, before an enclave is chosen.</summary>
    public bool HasPreread =>
        ReadsServerName || options.ProxyProtocol is not { Accept: ProxyProtocolAccept.None, Send: ProxyProtocolSend.None };

    /// <summary>Where a connection goes; null: it is closed.</summary>
    /// <param name="serverName">Its server name; null when it has none.</param>
    public PassthroughTarget? TargetOf(string? serverName) => _names.TryFind(serverName, out var target) ? target : options.To;
}
