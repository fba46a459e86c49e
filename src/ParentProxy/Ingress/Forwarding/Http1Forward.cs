using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Http1;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// One request on one connection: the request goes out while the response is read, each piece as it comes, in both
/// directions. Ends with the response given to the client, or with an exception that <see cref="ForwardFailure"/> explains.
/// </summary>
internal sealed class Http1Forward(HttpContext context, RequestPlan plan, TransformedHeads? heads, Attempt attempt, Http1Pool pool)
    : IDisposable
{
    /// <summary>As much of a body as is collected for one write: with its framing it stays below the largest write on vsock.</summary>
    private const int MaxPiece = 28 * 1024 - 64;

    /// <summary>As much of a response as is handed on before the client has to take it.</summary>
    private const int MaxUnflushed = 64 * 1024;

    /// <summary>
    /// An application that gives up an idle connection at this very moment cannot be later with its 408 than the request is on
    /// its way. What comes after seconds is a response: the application has waited for something.
    /// </summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(5);

    private Http1Connection _connection = null!;
    private Http1TunnelSlot? _place;
    private Task _upload = Task.CompletedTask;
    private bool _isReleased;
    private bool _isUploadStopped;
    private bool _hasLeftConnection;

    /// <summary>How sending the request failed at the client's side, or null.</summary>
    public Exception? ClientFailure { get; private set; }

    /// <summary>How sending the request failed at the enclave's side, or null; a response may have come nevertheless.</summary>
    public Exception? SendFailure { get; private set; }

    /// <summary>Whether there is a connection, so that something of the request may have been sent.</summary>
    public bool HasConnection => _connection is not null;

    /// <summary>Whether any byte of a response has come.</summary>
    public bool HasReceived => !_isReleased && _connection.HasReceived;

    /// <summary>Sends the request and gives the response to the client.</summary>
    /// <param name="timeToDial">How long a dial for it makes sense.</param>
    /// <param name="fresh">Whether it needs a connection that no request had before.</param>
    /// <exception cref="InvalidRequestException">The request cannot be written as HTTP/1.1; nothing was sent.</exception>
    /// <exception cref="InvalidResponseException">The enclave sent what is no response.</exception>
    /// <exception cref="IOException">The connection ended or broke, or there is none to be had.</exception>
    /// <exception cref="ClientGoneException">The client took no more of the response.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync(TimeSpan timeToDial, bool fresh)
    {
        if (plan.Upgrade is not null)
            _place = pool.TryReserveTunnel() ?? throw new TunnelsBusyException();
        var maxIdle = fresh ? TimeSpan.Zero : plan.MaxIdle;
        var idle = pool.TryRent(maxIdle);
        var canRedispatch = attempt.Exchange is { Search.CanRedispatch: true };
        _connection = idle ?? await pool.RentAsync(timeToDial, maxIdle, canRedispatch, attempt.Cancellation);

        // From here on the connection is given back, whatever happens.
        try
        {
            var dial = _connection.IsReused ? TimeSpan.Zero : _connection.DialTime;
            attempt.Connected(_connection.IsReused, plan.Framing != RequestBodyFraming.None, dial);
            attempt.Bind(this);

            // The enclave had left the moment before: nothing is read or sent for this attempt.
            if (attempt.Failure is not null)
                throw new OperationCanceledException();

            // Handed over by another request, it has been in no hands since.
            if (idle is null && _connection is { IsReused: true, IsReceiveQueueEmpty: false })
                throw new EndOfStreamException();
            WriteHead();
            _upload = plan.Framing == RequestBodyFraming.None ? SendHeadAsync() : UploadAsync();
            ResponseHead head;
            var hasInterim = false;
            while (true)
            {
                head = await _connection.ReadHeadAsync();
                if (!head.IsInterim)
                    break;
                hasInterim = true;
                attempt.Progress();
                attempt.NoteResponding();
                if (ClientWire.Of(context) is { } wire)
                    await SendInterimAsync(wire, head);
            }

            if (!hasInterim && IsUnasked(head))
            {
                _connection.Disown();
                throw new UnsolicitedResponseException("408");
            }

            var isTunnel = _connection.BodyFraming == ResponseBodyFraming.Tunnel;
            if (isTunnel && !string.Equals(head.Upgrade, plan.Upgrade, StringComparison.OrdinalIgnoreCase))
                throw new InvalidResponseException("it switches to a protocol that was not asked for");

            // To a client of HTTP/2 that would be a tunnel (RFC 8441).
            if (!isTunnel && plan.ExtendedConnect is not null && head.Status is >= 200 and < 300)
                throw new InvalidResponseException($"it answers a WebSocket with {head.Status} instead of 101");
            attempt.HeadReceived(head.Status, isTunnel);

            // It is not sent again any more.
            if (_upload.IsCompleted)
                plan.Body?.GiveUp();
            if (isTunnel)
                await TunnelAsync(head);
            else if (await BeginResponseAsync(head))
                await SendBodyAsync();
        }
        finally
        {
            try
            {
                if (!_upload.IsCompleted)
                    await StopUploadAsync();
            }
            finally
            {
                Release(reusable: false);
            }
        }
    }

    /// <summary>Ends it in the middle: the attempt is over. Called under the gate of the attempt.</summary>
    public void Abort()
    {
        if (!_hasLeftConnection)
            _connection.Abort();

        // A client that takes nothing is waited for by a flush, which ends with its connection alone. Behind a piece of an
        // interim response nothing else can follow.
        if (context.Response.HasStarted || attempt.IsSendingInterim)
            context.Abort();
    }

    /// <summary>Nothing has come on its connection for a while, which may be for want of one that the enclave closes first.</summary>
    public void MakeWay() => pool.MakeWayFor(_connection);

    /// <summary>The connection is another's from now on. Called under the gate of the attempt.</summary>
    public void LeaveConnection() => _hasLeftConnection = true;

    /// <inheritdoc/>
    public void Dispose() => _place?.Dispose();

    /// <summary>
    /// Whether a 408 seems to have crossed the request, with which an application gives up an idle connection: RFC 9110 §15.5.9
    /// lets a client repeat its request then. Only where the repetition is sure to happen; its response is the one that counts.
    /// </summary>
    private bool IsUnasked(ResponseHead head) =>
        head.Status == StatusCodes.Status408RequestTimeout
        && _connection.IsReused
        && attempt.Quiet < OnItsWay
        && (_upload.IsCompleted || plan.ContentLength is not null)
        && attempt is { Retries: { } retries, Exchange: { } exchange }
        && retries.MayRepeatOnFresh(context, exchange);

    private async ValueTask SendInterimAsync(ClientWire wire, ResponseHead head)
    {
        attempt.BeginInterim();
        await wire.TrySendInterimAsync(context, head.Status, head.Reason, Forwarded(head), attempt.Cancellation);
        attempt.EndInterim();
    }

    private void WriteHead()
    {
        if (heads is null)
            RequestFields.Write(_connection, plan, context);
        else
            heads.WriteRequest(_connection, plan);
    }

    private async Task SendHeadAsync()
    {
        if (await TrySendAsync(last: true))
            attempt.RequestEnded();
    }

    /// <summary>Sends head and body, small pieces at once. Never throws: the response decides what a failure means.</summary>
    private async Task UploadAsync()
    {
        var recorded = plan.Body;
        await UploadAsync(recorded);
        if (recorded is { IsWhole: false })
            recorded.GiveUp();
    }

    private async Task UploadAsync(RecordedBody? recorded)
    {
        var body = context.Request.BodyReader;
        if (recorded is not null && !await TryReplayAsync(recorded.Bytes))
            return;
        while (recorded is not { HasEnded: true })
        {
            ReadResult read;
            try
            {
                if (!body.TryRead(out read))
                {
                    if (_connection.Request.Count > 0 && !await TrySendAsync(last: false))
                        return;
                    read = await body.ReadAsync();
                }
            }
            catch (Exception ex)
            {
                ClientFailure = ex;
                _connection.Abort();
                return;
            }

            if (read.IsCanceled)
            {
                // Kestrel reads the rest of the body away, unless a read was left open. That it was cancelled may be the
                // echo of the attempt before.
                body.AdvanceTo(read.Buffer.Start);
                if (_isUploadStopped)
                    return;
                continue;
            }

            var piece = read.Buffer.Length > MaxPiece ? read.Buffer.Slice(0, MaxPiece) : read.Buffer;
            var isLast = read.IsCompleted && piece.Length == read.Buffer.Length;
            if (plan.Framing == RequestBodyFraming.Chunked)
                _connection.Request.Chunk(piece);
            else
                _connection.Request.Bytes(piece);
            recorded?.Add(piece);
            attempt.AddRequestBytes(piece.Length);
            body.AdvanceTo(piece.End);
            attempt.Progress();
            if (isLast)
            {
                recorded?.End();
                break;
            }

            if (_connection.Request.Count >= MaxPiece && !await TrySendAsync(last: false))
                return;
        }

        if (plan.Framing == RequestBodyFraming.Chunked && !TryEndChunks())
            return;
        if (await TrySendAsync(last: true))
            attempt.RequestEnded();
    }

    /// <summary>Collects what the attempt before had read of the body already; all but the last of it goes out.</summary>
    private async ValueTask<bool> TryReplayAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_connection.Request.Count >= MaxPiece && !await TrySendAsync(last: false))
                return false;
            var piece = new ReadOnlySequence<byte>(bytes[..Math.Min(bytes.Length, MaxPiece)]);
            if (plan.Framing == RequestBodyFraming.Chunked)
                _connection.Request.Chunk(piece);
            else
                _connection.Request.Bytes(piece);
            bytes = bytes[(int)piece.Length..];
        }

        return true;
    }

    private bool TryEndChunks()
    {
        try
        {
            _connection.Request.LastChunk();
            if (context.Features.Get<IHttpRequestTrailersFeature>() is { Available: true } trailers)
            {
                foreach (var (name, values) in trailers.Trailers)
                {
                    // An empty value is none to Kestrel.
                    if (!TrailerFields.IsAllowed(name))
                        continue;
                    if (values.Count == 0)
                        _connection.Request.Field(name, "");
                    var mayBeMarked = XContentLengthEncoding.Is(name);
                    foreach (var value in values)
                        _connection.Request.Field(name, mayBeMarked ? XContentLengthEncoding.TakeMark(value ?? "") : value ?? "");
                }
            }

            _connection.Request.EndFields();
            return true;
        }
        catch (InvalidRequestException ex)
        {
            ClientFailure = ex;
            _connection.Abort();
            return false;
        }
    }

    private ValueTask<bool> TrySendAsync(bool last)
    {
        attempt.BeginWrite();
        ValueTask sending;
        try
        {
            sending = _connection.FlushAsync(last);
        }
        catch (Exception ex)
        {
            sending = ValueTask.FromException(ex);
        }

        if (!sending.IsCompletedSuccessfully)
            return EndSendAsync(sending);
        plan.Body?.Sent();
        attempt.EndWrite();
        return ValueTask.FromResult(true);
    }

    private async ValueTask<bool> EndSendAsync(ValueTask sending)
    {
        try
        {
            await sending;
            plan.Body?.Sent();
            return true;
        }
        catch (Exception ex)
        {
            SendFailure = ex;
            return false;
        }
        finally
        {
            attempt.EndWrite();
        }
    }

    /// <summary>Sets status and fields; false when that is all.</summary>
    private ValueTask<bool> BeginResponseAsync(ResponseHead head)
    {
        if (heads is not null)
            return BeginTransformedResponseAsync(heads, head);
        ResponseFields.Apply(head, context);
        return ValueTask.FromResult(BeginBody(head, isWanted: true));
    }

    private async ValueTask<bool> BeginTransformedResponseAsync(TransformedHeads heads, ResponseHead head)
    {
        var isWanted = await heads.ApplyResponseAsync(head, attempt.Cancellation);
        return BeginBody(head, isWanted);
    }

    private bool BeginBody(ResponseHead head, bool isWanted)
    {
        // The client is to know that the rest of its request will not be taken.
        var response = context.Response;
        if (!_connection.IsRequestEnded
            && (plan.IsBodyHeldBack || head.Status >= StatusCodes.Status400BadRequest)
            && !HttpProtocol.IsHttp2(context.Request.Protocol))
            ConnectionFields.Close(response);

        // Without a body the length is that of the body which another request would have had.
        if (_connection.BodyFraming is ResponseBodyFraming.Length or ResponseBodyFraming.None
            && !head.IsChunked
            && head.ContentLength is { } length)
            response.ContentLength = length;
        if (isWanted && _connection.BodyFraming != ResponseBodyFraming.None)
            return true;
        Release(_connection.CanReuse);
        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendBodyAsync()
    {
        var body = new ClientBody(context, chunked: _connection.BodyFraming != ResponseBodyFraming.Length);

        // The head goes to Kestrel before any of the body: should Kestrel refuse it, nothing is there yet that would stand
        // behind the failure's response.
        await context.Response.StartAsync();
        try
        {
            await CopyBodyAsync(body);
        }
        catch (IOException)
        {
            // The client sees as much of a cut response as there was.
            await body.FlushAsync(CancellationToken.None);
            throw;
        }

        IReadOnlyList<FieldLine> trailers = _connection.Trailers.Count == 0 ? [] : [.. _connection.Trailers];
        Release(_connection.CanReuse);
        if (heads is not null)
            trailers = await heads.TransformTrailersAsync(trailers, attempt.Cancellation);
        await body.EndAsync(trailers, CancellationToken.None);

        // The time was over for a client that did not take the last of it.
        if (attempt.Failure is not null)
            throw new ClientGoneException();
    }

    /// <summary>Copies the body, its last pieces still unsent. What has come goes out before more is waited for.</summary>
    private async ValueTask CopyBodyAsync(ClientBody body)
    {
        var unflushed = 0;
        while (true)
        {
            while (unflushed < MaxUnflushed && _connection.TryReadBody(out var piece))
            {
                body.Write(piece.Span);
                unflushed += piece.Length;
            }

            if (unflushed > 0)
                attempt.AddResponseBytes(unflushed);

            if (_connection.IsResponseEnded)
                return;
            var isPaused = unflushed >= MaxUnflushed;
            unflushed = 0;
            await FlushAsync(body);
            if (isPaused)
                continue;
            attempt.BeginRead();
            try
            {
                var receiving = _connection.ReceiveBodyAsync();
                var waits = !receiving.IsCompleted;
                await receiving;
                if (waits)
                    attempt.NoteResponding();
            }
            finally
            {
                attempt.EndRead();
            }
        }
    }

    private async ValueTask FlushAsync(ClientBody body)
    {
        var result = await body.FlushAsync(CancellationToken.None);
        attempt.Progress();
        if (result.IsCompleted || result.IsCanceled)
            throw new ClientGoneException();
    }

    private async Task TunnelAsync(ResponseHead head)
    {
        await using var tunnel = await Tunnel.OpenAsync(context, plan, head, attempt, _connection);
        pool.BecomeTunnel(_connection, _place!);
        await tunnel.RunAsync();
    }

    /// <summary>
    /// Ends what still sends the request: the response is over, or there will be none. Nothing may use the client's side
    /// once the request was left.
    /// </summary>
    private async ValueTask StopUploadAsync()
    {
        _isUploadStopped = true;
        _connection.Abort();
        context.Request.BodyReader.CancelPendingRead();
        await _upload;
    }

    private static List<FieldLine> Forwarded(ResponseHead head)
    {
        var fields = new List<FieldLine>();
        foreach (var field in head.Fields)
        {
            if (ResponseFields.IsForwarded(head, field.Name))
                fields.Add(field);
        }

        return fields;
    }

    /// <summary>Gives the connection back, once.</summary>
    private void Release(bool reusable)
    {
        if (_isReleased)
            return;
        _isReleased = true;

        // An abort that is about to run must not hit the next request.
        attempt.LeaveConnection();
        attempt.Observe(_connection);
        pool.Return(_connection, reusable && !attempt.IsCancelled && _upload.IsCompletedSuccessfully && SendFailure is null);
    }
}
