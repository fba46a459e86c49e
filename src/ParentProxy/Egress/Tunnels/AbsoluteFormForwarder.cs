using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using ParentProxy.Endpoints;
using ParentProxy.Http1;
using ParentProxy.Sockets;

namespace ParentProxy.Egress.Tunnels;

/// <summary>
/// Requests for <c>http://</c> addresses, as clients send them to a proxy: each over a connection of its own to the very address that
/// was judged for it. Bodies pass as they come.
/// </summary>
/// <param name="dialer">The way out.</param>
/// <param name="context">What connections share.</param>
internal sealed class AbsoluteFormForwarder(DestinationDialer dialer, EgressContext context)
{
    private const string Scheme = "http://";
    private const ushort HttpPort = 80;

    /// <summary>Forwards a request and its answer.</summary>
    /// <returns>Whether another request may follow on the enclave's connection.</returns>
    /// <exception cref="MalformedRequestException">It is none that can be forwarded; nothing was answered.</exception>
    public async Task<bool> ForwardAsync(
        EgressConnection connection, ProxyRequestReader reader, ProxyRequest request, CancellationToken cut)
    {
        var (destination, target) = Read(request);
        ConnectService.CheckHost(request, destination);
        var body = RequestBody.Of(request);
        ConnectedDestination connected;
        try
        {
            connected = await dialer.ConnectAsync(connection.Peer, destination, cut);
        }
        catch (EgressException ex)
        {
            context.Report(connection, destination, ex);

            // The body would be read only to be thrown away.
            var closes = !request.KeepsAlive || !body.IsEmpty || !reader.MayBeRefusedAgain();
            await context.AnswerAsync(connection, ProxyAnswer.NotReached(destination, ex, closes), cut);
            return !closes;
        }

        var started = context.Time.GetTimestamp();
        using var origin = new Http1Connection(new SocketStream(connected.Socket), Http1Limits.Default);
        using var idle = new CancellationTokenSource(context.Options.IdleTimeout, context.Time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cut, idle.Token);
        await using var cutting = over.Token.UnsafeRegister(static state => ((Http1Connection)state!).Abort(), origin);
        var exchange = new Exchange(connection, reader, request, body, origin, idle, context.Options.IdleTimeout);
        var end = "the answer is complete";
        var hasFailed = false;
        try
        {
            return await exchange.RunAsync(target, destination, over.Token);
        }
        catch (Exception ex) when (ex is IOException or OperationCanceledException or ObjectDisposedException)
        {
            hasFailed = true;
            end = cut.IsCancellationRequested ? TunnelEnds.Sentence(TunnelEnd.Stopped, null)
                : idle.IsCancellationRequested ? TunnelEnds.Sentence(TunnelEnd.Idle, null)
                : $"it broke off: {ex.Message}";

            // What has begun must not pass for whole: the connection is cut.
            if (exchange.HasAnswered)
                connection.Socket.Abort();
            else
                await context.AnswerAsync(
                    connection,
                    ProxyAnswer.NotReached(
                        destination, new EgressException(EgressResult.Unreachable, connected.Rule, "no answer", end), closes: true),
                    cut);
            return false;
        }
        finally
        {
            context.Counts.Count(connection.Listener, connected.Rule, hasFailed ? EgressResult.Unreachable : EgressResult.Ok);
            context.Counts.Add(connection.Listener, origin.BytesSent, exchange.BytesToEnclave);
            EgressLog.Ended(
                context.Logger,
                hasFailed ? LogLevel.Warning : LogLevel.Information,
                connection.Peer,
                connection.Listener,
                destination,
                connected.Address.ToString(),
                connected.Rule.Location,
                context.Time.GetElapsedTime(started),
                $"{request.Method} over HTTP, {end}",
                origin.BytesSent,
                exchange.BytesToEnclave);
        }
    }

    private static (Destination Destination, string Target) Read(ProxyRequest request)
    {
        if (!request.Target.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw new MalformedRequestException(
                400, "the target begins neither with http:// nor is the method CONNECT, by which HTTPS and all else is asked for");
        var rest = request.Target[Scheme.Length..];
        var at = rest.AsSpan().IndexOfAny('/', '?', '#');
        var authority = at < 0 ? rest : rest[..at];
        if (!Destination.TryParse(authority, HttpPort, out var destination, out var reason))
            throw new MalformedRequestException(400, $"the target's authority is not HOST or HOST:PORT: {reason}");
        var target = at < 0 ? "/" : rest[at] == '/' ? rest[at..] : $"/{rest[at..]}";
        return target.Contains('#', StringComparison.Ordinal)
            ? throw new MalformedRequestException(400, "the target has a fragment")
            : (destination, target);
    }

    /// <summary>One request and its answer.</summary>
    private sealed class Exchange(
        EgressConnection connection,
        ProxyRequestReader reader,
        ProxyRequest request,
        RequestBody body,
        Http1Connection origin,
        CancellationTokenSource idle,
        TimeSpan idleTimeout)
    {
        private readonly MessageBuffer _answer = new();

        /// <summary>Whether any of an answer was sent to the enclave.</summary>
        public bool HasAnswered { get; private set; }

        public long BytesToEnclave { get; private set; }

        public async Task<bool> RunAsync(string target, Destination destination, CancellationToken cancellationToken)
        {
            origin.Begin(request.Method, target);
            WriteFields(destination);
            await origin.FlushAsync(body.IsEmpty);

            // A destination may answer before it has read everything.
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var sending = body.IsEmpty ? Task.CompletedTask : SendBodyAsync(enough.Token);
            var keeps = await AnswerAsync(cancellationToken);
            if (!sending.IsCompleted)
            {
                // It may be waiting for a destination that reads no more.
                await enough.CancelAsync();
                origin.Abort();
                keeps = false;
            }

            try
            {
                await sending;
            }
            catch (Exception ex) when (ex is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The answer is what counts, and has come.
                keeps = false;
            }

            return keeps && request.KeepsAlive;
        }

        private void WriteFields(Destination destination)
        {
            string[] named = [.. request.Members("Connection"), .. request.Members("Proxy-Connection")];
            origin.Request.Field("Host", destination.Port == HttpPort ? Host(destination) : destination.ToString());
            foreach (var field in request.Fields)
            {
                if (!HopByHopFields.Contains(field.Name)
                    && !field.Name.Equals("Host", StringComparison.OrdinalIgnoreCase)
                    && !field.Name.Equals("Proxy-Authorization", StringComparison.OrdinalIgnoreCase)
                    && !named.Contains(field.Name, StringComparer.OrdinalIgnoreCase))
                    origin.Request.Field(field.Name, field.Value);
            }

            if (body.IsChunked)
                origin.Request.Field("Transfer-Encoding", "chunked");
            else if (body.Length is { } length)
                origin.Request.Field("Content-Length", length.ToString(CultureInfo.InvariantCulture));
            origin.Request.Field("Connection", "close");
            origin.Request.EndFields();
        }

        private static string Host(Destination destination) =>
            destination.Address is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 }
                ? $"[{destination.Host}]"
                : destination.Host;

        private async Task SendBodyAsync(CancellationToken cancellationToken)
        {
            try
            {
                await CopyBodyAsync(cancellationToken);
            }
            catch
            {
                // The destination waits for the rest, which never comes, and so would its answer.
                origin.Abort();
                throw;
            }
        }

        private async Task CopyBodyAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                while (body.TryTake(reader, out var data))
                {
                    if (body.IsChunked)
                        origin.Request.Chunk(new ReadOnlySequence<byte>(data));
                    else
                        origin.Request.Bytes(new ReadOnlySequence<byte>(data));
                    await origin.FlushAsync(last: false);
                    Moved();
                }

                if (body.HasEnded)
                    break;
                if (!await reader.ReceiveAsync(cancellationToken))
                    throw new EndOfStreamException("the enclave ended the request's body too early");
            }

            if (body.IsChunked)
            {
                origin.Request.LastChunk();
                origin.Request.EndFields();
            }

            await origin.FlushAsync(last: true);
        }

        private async Task<bool> AnswerAsync(CancellationToken cancellationToken)
        {
            ResponseHead head;
            do
            {
                head = await origin.ReadHeadAsync();
                Moved();
                if (head.Status == 101)
                    throw new InvalidResponseException("it switched protocols, which nobody asked it for");
                WriteHead(head);
                await SendAsync(cancellationToken);
            }
            while (head.IsInterim);

            // HTTP/1.0 knows no chunks: there the end of the connection is the end of the answer.
            var isChunked = IsChunked(head);
            var keeps = isChunked || origin.BodyFraming is ResponseBodyFraming.Length or ResponseBodyFraming.None;
            while (true)
            {
                while (origin.TryReadBody(out var data))
                {
                    if (isChunked)
                        _answer.Chunk(new ReadOnlySequence<byte>(data));
                    else
                        _answer.Bytes(new ReadOnlySequence<byte>(data));
                    await SendAsync(cancellationToken);
                }

                if (origin.IsResponseEnded)
                    break;
                await origin.ReceiveBodyAsync();
                Moved();
            }

            if (isChunked)
            {
                _answer.LastChunk();
                _answer.EndFields();
                await SendAsync(cancellationToken);
            }

            return keeps;
        }

        private void WriteHead(ResponseHead head)
        {
            _answer.StatusLine(head.Status, head.Reason);
            foreach (var field in head.Fields)
            {
                if (!HopByHopFields.Contains(field.Name)
                    && head.ConnectionNamed?.Contains(field.Name, StringComparer.OrdinalIgnoreCase) != true)
                    _answer.Field(field.Name, field.Value);
            }

            if (!head.IsInterim)
            {
                if (head.ContentLength is { } length && head.Status != 204)
                    _answer.Field("Content-Length", length.ToString(CultureInfo.InvariantCulture));
                if (IsChunked(head))
                    _answer.Field("Transfer-Encoding", "chunked");
                if (!request.KeepsAlive)
                    _answer.Field("Connection", "close");
                else if (request.MinorVersion == 0)
                    _answer.Field("Connection", "keep-alive");
            }

            _answer.EndFields();
        }

        private bool IsChunked(ResponseHead head) =>
            request.MinorVersion == 1 && !head.IsInterim && origin.BodyFraming is ResponseBodyFraming.Chunked or ResponseBodyFraming.Close;

        private async ValueTask SendAsync(CancellationToken cancellationToken)
        {
            HasAnswered = true;
            BytesToEnclave += _answer.Count;
            await connection.Socket.WriteAsync(_answer.Pending, cancellationToken);
            _answer.Clear(release: true);
            Moved();
        }

        private void Moved() => idle.CancelAfter(idleTimeout);
    }
}
