using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.ProxyProtocol;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// Takes the header of the PROXY protocol from the beginning of each connection of an endpoint. Whoever comes behind, TLS
/// and HTTP, finds the client's address in the place of the load balancer's, and the client's bytes alone.
/// </summary>
/// <param name="options">Those of the endpoint.</param>
/// <param name="time">The clock of the time-out.</param>
internal sealed class ProxyHeaderMiddleware(ProxyProtocolOptions options, TimeProvider time)
{
    /// <summary>A load balancer sends the header first thing: this leaves time for a packet that has to be sent again.</summary>
    public static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(5);

    private bool IsRequired => options.Accept == ProxyProtocolAccept.Required;

    /// <summary>
    /// Adds it to an endpoint, if that accepts headers. Kestrel runs what its loader adds to an endpoint before HTTPS, which
    /// it adds itself.
    /// </summary>
    public static void Use(EndpointConfiguration endpoint, ProxyOptions options, TimeProvider time)
    {
        if (!options.EndpointProxyProtocol.TryGetValue(endpoint.ConfigSection.Key, out var accepting))
            return;
        var middleware = new ProxyHeaderMiddleware(accepting, time);
        endpoint.ListenOptions.Use(next => context => middleware.RunAsync((ClientConnection)context, next));
    }

    /// <summary>Serves a connection, or refuses it: it is closed then when this returns.</summary>
    public async Task RunAsync(ClientConnection connection, ConnectionDelegate next)
    {
        var isTrusted = options.Trusts(connection.RemoteEndPoint);
        if (!isTrusted && IsRequired)
        {
            connection.Refuse(
                ConnectionRefusal.Untrusted,
                "ProxyProtocol:Accept is required, and its address is in none of ProxyProtocol:TrustedSources");
        }
        else if (!isTrusted)
        {
            await next(connection);
        }
        else if (await TryReadAsync(connection))
        {
            // Kestrel labels its metrics with this end, when the connection begins and, the same it has to be, when it ends.
            var ours = connection.LocalEndPoint;
            connection.LocalEndPoint = connection.ProxyHeader?.Destination ?? ours;
            connection.RemoteEndPoint = connection.ProxyHeader?.Source ?? connection.RemoteEndPoint;
            try
            {
                await next(connection);
            }
            finally
            {
                connection.LocalEndPoint = ours;
            }
        }
    }

    /// <summary>Whether the connection may go on.</summary>
    private async ValueTask<bool> TryReadAsync(ClientConnection connection)
    {
        try
        {
            var input = connection.Transport.Input;
            var isThere = input.TryRead(out var read);
            return isThere && Examine(connection, input, read) is { } verdict ? verdict : await WaitAsync(connection, input, isThere);
        }
        catch (Exception ex) when (ex is IOException or OperationCanceledException)
        {
            // The client is gone, or the server stops.
            return End(connection);
        }
    }

    private async ValueTask<bool> WaitAsync(ClientConnection connection, PipeReader input, bool hasBytes)
    {
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var timeout = new CancellationTokenSource(HeaderTimeout, time);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        try
        {
            while (true)
            {
                if (Examine(connection, input, await input.ReadAsync(giveUp.Token)) is { } verdict)
                    return verdict;
                hasBytes = true;
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !connection.ConnectionClosed.IsCancellationRequested)
        {
            // Who has said nothing is no load balancer that sends headers: a client that connects ahead of its requests.
            return (!hasBytes && !IsRequired)
                || Refuse(connection, ConnectionRefusal.Timeout, $"no whole header of the PROXY protocol within {HeaderTimeout}");
        }
    }

    /// <summary>Whether the connection may go on; null when more has to come first.</summary>
    private bool? Examine(ClientConnection connection, PipeReader input, in ReadResult read)
    {
        var start = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, ProxyHeaderParser.MaxBytes));
        var bytes = start.IsSingleSegment ? start.FirstSpan : start.ToArray();
        var status = ProxyHeaderParser.Parse(bytes, out var header, out var consumed, out var problem);
        var behind = read.Buffer.GetPosition(consumed);
        input.AdvanceTo(behind, status == ProxyHeaderStatus.Incomplete ? read.Buffer.End : behind);
        switch (status)
        {
            case ProxyHeaderStatus.Complete:
                connection.ProxyHeader = header;
                return true;
            case ProxyHeaderStatus.NoHeader:
                return !IsRequired || Refuse(
                    connection,
                    ConnectionRefusal.Missing,
                    "ProxyProtocol:Accept is required, and it begins without a header of the PROXY protocol");
            case ProxyHeaderStatus.Malformed:
                return Refuse(connection, ConnectionRefusal.Malformed, $"the header of the PROXY protocol is not valid: {problem}");
            default:
                if (!read.IsCompleted && !read.IsCanceled)
                    return null;

                // Without a byte it is how the health checks of load balancers look in which TCP is enough.
                return bytes.IsEmpty
                    ? End(connection)
                    : Refuse(connection, ConnectionRefusal.Malformed, "the connection ended within the header of the PROXY protocol");
        }
    }

    private static bool Refuse(ClientConnection connection, ConnectionRefusal reason, string problem)
    {
        connection.Refuse(reason, problem);
        return End(connection);
    }

    private static bool End(ClientConnection connection)
    {
        connection.Transport.Input.Complete();
        return false;
    }
}
