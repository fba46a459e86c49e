using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Http1;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// One request on one connection: the request goes out while the response is read, each piece as it comes, in both
/// directions. Ends with the response given to the client, or with an exception that <see cref="ForwardFailure"/> explains.
/// </summary>
internal sealed class Http1Forward(HttpContext context, RequestPlan plan, TransformedHeads? heads, Attempt attempt, Http1Connection connection, Http1Pool pool, Http1TunnelPlace? place)
{
    /// <summary>As much of a body as is collected for one write: with its framing it stays below the largest write on vsock.</summary>
    private const int MaxPiece = 28 * 1024 - 64;

    /// <summary>As much of a response as is handed on before the client has to take it.</summary>
    private const int MaxUnflushed = 64 * 1024;

    private readonly CancellationTokenRegistration _abort = attempt.Cancellation.UnsafeRegister(static state => ((Http1Connection)state!).Abort(), connection);
    private Task _upload = Task.CompletedTask;
    private bool _isReleased;

    /// <summary>How sending the request failed at the client's side, or null.</summary>
    public Exception? ClientFailure { get; private set; }

    /// <summary>How sending the request failed at the enclave's side, or null; an answer may have come nevertheless.</summary>
    public Exception? SendFailure { get; private set; }

    /// <summary>Sends the request and gives the response to the client.</summary>
    /// <exception cref="InvalidRequestException">The request cannot be written as HTTP/1.1; nothing was sent.</exception>
    /// <exception cref="InvalidResponseException">The enclave sent what is no response.</exception>
    /// <exception cref="IOException">The connection ended or broke.</exception>
    /// <exception cref="ClientGoneException">The client took no more of the response.</exception>
    public async Task RunAsync()
    {
        try
        {
            WriteHead();
            _upload = plan.Framing == RequestBodyFraming.None ? SendHeadAsync() : UploadAsync();
            var head = await ReadFinalHeadAsync();
            if (connection.BodyFraming == ResponseBodyFraming.Tunnel)
                await TunnelAsync(head);
            else
                await RespondAsync(head);
        }
        finally
        {
            await StopUploadAsync();
            Release(reusable: false);
        }
    }

    private void WriteHead()
    {
        if (heads is null)
            RequestFields.Write(connection, plan, context.Request.Headers, ConnectionFields.NamedBy(context.Request.Headers.Connection));
        else
            heads.WriteRequest(connection, plan);
    }

    private async Task SendHeadAsync()
    {
        if (await TrySendAsync(last: true))
            attempt.RequestEnded();
    }

    /// <summary>Sends head and body, small pieces at once. Never throws: the answer decides what a failure means.</summary>
    private async Task UploadAsync()
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            ReadResult read;
            try
            {
                if (!body.TryRead(out read))
                {
                    if (connection.Request.Count > 0 && !await TrySendAsync(last: false))
                        return;
                    read = await body.ReadAsync();
                }
            }
            catch (Exception ex)
            {
                ClientFailure = ex;
                connection.Abort();
                return;
            }

            if (read.IsCanceled)
                return;
            var piece = read.Buffer.Length > MaxPiece ? read.Buffer.Slice(0, MaxPiece) : read.Buffer;
            var isLast = read.IsCompleted && piece.Length == read.Buffer.Length;
            if (plan.Framing == RequestBodyFraming.Chunked)
                connection.Request.Chunk(piece);
            else
                connection.Request.Bytes(piece);
            body.AdvanceTo(piece.End);
            attempt.Progress();
            if (isLast)
                break;
            if (connection.Request.Count >= MaxPiece && !await TrySendAsync(last: false))
                return;
        }

        if (plan.Framing == RequestBodyFraming.Chunked && !TryEndChunks())
            return;
        if (await TrySendAsync(last: true))
            attempt.RequestEnded();
    }

    private bool TryEndChunks()
    {
        try
        {
            connection.Request.LastChunk();
            if (context.Features.Get<IHttpRequestTrailersFeature>() is { Available: true } trailers)
            {
                foreach (var (name, values) in trailers.Trailers)
                {
                    foreach (var value in values)
                        connection.Request.Field(name, value ?? "");
                }
            }

            connection.Request.EndFields();
            return true;
        }
        catch (InvalidRequestException ex)
        {
            ClientFailure = ex;
            connection.Abort();
            return false;
        }
    }

    private async ValueTask<bool> TrySendAsync(bool last)
    {
        attempt.BeginWrite();
        try
        {
            await connection.FlushAsync(last);
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

    private async ValueTask<ResponseHead> ReadFinalHeadAsync()
    {
        while (true)
        {
            attempt.BeginRead();
            ResponseHead head;
            try
            {
                head = await connection.ReadHeadAsync();
            }
            finally
            {
                attempt.EndRead();
            }

            if (!head.IsInterim)
            {
                var isTunnel = head.Status == StatusCodes.Status101SwitchingProtocols;
                if (isTunnel && plan.Upgrade is null)
                    throw new InvalidResponseException("it switches protocols unasked");
                attempt.HeadReceived(head.Status, isTunnel);
                return head;
            }

            if (ClientWire.Of(context) is { } wire)
                await wire.TrySendInterimAsync(context, head.Status, head.Reason, Forwarded(head), attempt.Cancellation);
        }
    }

    private async Task RespondAsync(ResponseHead head)
    {
        var response = context.Response;
        var wantsBody = true;
        if (heads is null)
            ResponseFields.Apply(head, context);
        else
            wantsBody = await heads.ApplyResponseAsync(head, attempt.Cancellation);

        // The client is to know that the rest of its request will not be taken.
        var isEarly = !connection.IsRequestEnded;
        if (isEarly && (plan.Expects || head.Status >= StatusCodes.Status400BadRequest) && !HttpProtocol.IsHttp2(context.Request.Protocol))
            response.Headers.Connection = "close";

        var length = head.ContentLength;
        if (connection.BodyFraming is ResponseBodyFraming.Length or ResponseBodyFraming.None && head.Status != StatusCodes.Status204NoContent && !head.IsChunked)
            response.ContentLength = length;
        if (!wantsBody || connection.BodyFraming == ResponseBodyFraming.None)
        {
            Release(connection.CanReuse);
            return;
        }

        var body = new ClientBody(context, chunked: connection.BodyFraming != ResponseBodyFraming.Length);
        try
        {
            await CopyBodyAsync(body);
        }
        catch (IOException)
        {
            // The client sees as much of a cut response as there was.
            await body.FlushAsync(attempt.Cancellation);
            throw;
        }

        IReadOnlyList<FieldLine> trailers = connection.Trailers.Count == 0 ? [] : [.. connection.Trailers];
        Release(connection.CanReuse);
        if (heads is not null)
            trailers = await heads.TransformTrailersAsync(trailers, attempt.Cancellation);
        await body.EndAsync(trailers, attempt.Cancellation);
    }

    /// <summary>Copies the body, its last pieces still unsent. What has come goes out before more is waited for.</summary>
    private async ValueTask CopyBodyAsync(ClientBody body)
    {
        var unflushed = 0;
        while (true)
        {
            while (unflushed < MaxUnflushed && connection.TryReadBody(out var piece))
            {
                body.Write(piece.Span);
                unflushed += piece.Length;
            }

            if (connection.IsResponseEnded)
                return;
            var isPaused = unflushed >= MaxUnflushed;
            unflushed = 0;
            await FlushAsync(body);
            if (isPaused)
                continue;
            attempt.BeginRead();
            try
            {
                await connection.ReceiveBodyAsync();
            }
            finally
            {
                attempt.EndRead();
            }
        }
    }

    private async ValueTask FlushAsync(ClientBody body)
    {
        var result = await body.FlushAsync(attempt.Cancellation);
        attempt.Progress();
        if (result.IsCompleted || result.IsCanceled)
            throw new ClientGoneException();
    }

    private async Task TunnelAsync(ResponseHead head)
    {
        await using var tunnel = await Tunnel.OpenAsync(context, plan, head, attempt, connection);
        pool.BecomeTunnel(connection, place!);
        await tunnel.RunAsync();
    }

    /// <summary>
    /// Ends what still sends the request: the response is over, or there will be none. Nothing may use the client's side
    /// once the request was left.
    /// </summary>
    private async ValueTask StopUploadAsync()
    {
        if (_upload.IsCompleted)
            return;
        connection.Abort();
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
        _abort.Dispose();
        attempt.Observe(connection);
        pool.Return(connection, reusable && !attempt.Cancellation.IsCancellationRequested && _upload.IsCompletedSuccessfully && SendFailure is null);
    }
}
