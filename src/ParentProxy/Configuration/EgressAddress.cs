using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Where egress listens for enclaves: <c>vsock://any:PORT</c> or <c>unix:PATH</c>.</summary>
/// <param name="Text">The address as it is written, the name of the listener in logs and metrics.</param>
/// <param name="Port">The vsock port; null for a unix socket.</param>
/// <param name="SocketPath">The path of a unix socket; null for vsock.</param>
internal sealed record EgressAddress(string Text, uint? Port, string? SocketPath)
{
    /// <summary>Reads an address; binds nothing.</summary>
    public static Parsed<EgressAddress> Parse(string text) => throw new NotImplementedException();

    /// <inheritdoc/>
    public override string ToString() => Text;
}
