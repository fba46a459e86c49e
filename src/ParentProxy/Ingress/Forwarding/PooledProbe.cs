using System.Buffers;
using System.Net;
using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Health;
using ParentProxy.Http1;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>A probe over an idle connection of the pool, which gets it back when another request can follow.</summary>
internal sealed class PooledProbe : IPooledProbe
{
    /// <inheritdoc/>
    public async Task<int?> AskAsync(EnclaveConnector connector, ProbeOptions options, Action asking, CancellationToken cancellationToken)
    {
        if (connector.Pool is not EnclaveHttpPool pool)
            return null;
        if (pool.Http1 is { } connections)
            return await AskAsync(connections, options, asking, cancellationToken);
        if (connector.OpenConnections == 0)
            return null;
        asking();
        using var request = EnclaveGet.Request(options.Path, HttpVersion.Version20, options.Host, Prober.UserAgent);
        using var response = await pool.Http2!.SendAsync(request, cancellationToken);
        return await Prober.IsExpectedAsync(response, options, cancellationToken) ? (int)response.StatusCode : null;
    }

    /// <inheritdoc/>
    public void MakeWayFor(EnclaveConnector connector, Func<bool> isWaiting) =>
        (connector.Pool as EnclaveHttpPool)?.Http1?.MakeWayFor(isWaiting);

    /// <summary>The same over HTTP/1.1, where the connections are ours.</summary>
    internal static async Task<int?> AskAsync(Http1Pool pool, ProbeOptions options, Action asking, CancellationToken cancellationToken)
    {
        if (pool.TryRent(TimeSpan.MaxValue) is not { } connection)
            return null;

        // One that was dialled and never used may stand in the accept queue, and has nothing to lose.
        if (connection.PoolEntry is not { HasResponded: true })
        {
            pool.Return(connection, reusable: false);
            return null;
        }

        asking();
        var isReusable = false;
        try
        {
            await using (cancellationToken.UnsafeRegister(static state => ((Http1Connection)state!).Abort(), connection))
            {
                var (status, isExpected) = await ExchangeAsync(connection, options);
                isReusable = isExpected && connection.CanReuse;
                return isExpected ? status : null;
            }
        }
        finally
        {
            // No abort is under way any more, but one may have been.
            pool.Return(connection, isReusable && !cancellationToken.IsCancellationRequested);
        }
    }

    private static async Task<(int Status, bool IsExpected)> ExchangeAsync(Http1Connection connection, ProbeOptions options)
    {
        connection.Begin("GET", options.Path);
        connection.Request.Field("Host", "localhost");
        connection.Request.Field("User-Agent", Prober.UserAgent);
        connection.Request.EndFields();
        await connection.FlushAsync(last: true);
        ResponseHead head;
        do
            head = await connection.ReadHeadAsync();
        while (head.IsInterim);
        var status = head.Status;
        if (status == 101 || !options.ExpectedStatus.Contains(status))
            return (status, false);
        var body = await ReadBodyAsync(connection);
        return (status, options.ExpectedBody is not { } text || body.Span.IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);
    }

    /// <summary>Reads the body to its end, but no more of it than matters; a connection that is left in the middle is closed.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(Http1Connection connection)
    {
        var body = new ArrayBufferWriter<byte>();
        while (true)
        {
            while (body.WrittenCount < Prober.MaxBodyBytes && connection.TryReadBody(out var piece))
                body.Write(piece.Span);
            if (connection.IsResponseEnded || body.WrittenCount >= Prober.MaxBodyBytes)
                return body.WrittenMemory[..Math.Min(body.WrittenCount, Prober.MaxBodyBytes)];
            await connection.ReceiveBodyAsync();
        }
    }
}
