using Microsoft.AspNetCore.Http;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Kestrel.Refusals;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>How a request ends: its status, its failure, its bytes. Counts it, once, with the enclave that it reached.</summary>
internal sealed class Outcome(Exchange exchange, EnclaveMetrics unreached, RefusalCounts refusals)
{
    private long _requestBytes;
    private long _responseBytes;
    private long _settled;
    private bool _isTunnel;

    /// <summary>Bytes of the body that the client has sent; those of a tunnel, too.</summary>
    public long RequestBytes => Interlocked.Read(ref _requestBytes);

    /// <summary>Bytes of the body that were given to the client; those of a tunnel, too.</summary>
    public long ResponseBytes => Interlocked.Read(ref _responseBytes);

    /// <summary>Why the request failed, or null.</summary>
    public AttemptFailure? Failure { get; private set; }

    /// <summary>Why it was refused for what it is, or null.</summary>
    public RefusalReason? Refusal { get; private set; }

    /// <summary>The final status; null before the head of the response. 499 when the client was gone by then.</summary>
    public int? Status { get; private set; }

    /// <summary>How it ended as a tunnel, once it is over; null when it was none.</summary>
    public TunnelEnd? TunnelEnd { get; private set; }

    /// <summary>How long it took, once it is over; that of a tunnel until its head.</summary>
    public TimeSpan Duration { get; private set; }

    /// <summary>Whether the response is ours, so that the request never was one to an enclave.</summary>
    public bool IsLocal { get; private set; }

    /// <summary>The <c>X-Request-Id</c> that the application gave its response, where that is another one; null otherwise.</summary>
    public string? ApplicationRequestId { get; private set; }

    private EnclaveMetrics Metrics => exchange.Attempts.Reached?.Metrics ?? unreached;

    /// <summary>Bytes of the request body came from the client.</summary>
    public void AddRequestBytes(long count) => Interlocked.Add(ref _requestBytes, count);

    /// <summary>Bytes of the response body went to the client.</summary>
    public void AddResponseBytes(long count) => Interlocked.Add(ref _responseBytes, count);

    /// <summary>This program answers the request by itself: it is neither counted nor logged.</summary>
    public void BecomeLocal() => IsLocal = true;

    /// <summary>The head of an enclave's response is in.</summary>
    /// <param name="isTunnel">Whether the connection becomes a tunnel with it.</param>
    public void HeadReceived(bool isTunnel) => _isTunnel = isTunnel;

    /// <summary>The application knows the request by an id of its own.</summary>
    public void NoteApplicationRequestId(string id) => ApplicationRequestId = id;

    /// <summary>The request has failed. When it is refused, that is counted before the client can hold the response.</summary>
    public void Fail(AttemptFailure failure)
    {
        Failure = failure;

        // A client that takes nothing of its response was not refused.
        if ((failure.Kind == FailureKind.ClientIdle && exchange.Context.Response.HasStarted)
            || FailureTable.Of(failure.Kind).Refusal is not { } reason)
            return;
        Refusal = reason;
        refusals.Count(reason);
    }

    /// <summary>Settles the final status, once: the request is counted with it.</summary>
    public void Settle(int status)
    {
        if (Status is not null || IsLocal)
            return;
        Status = status;
        _settled = exchange.Time.GetTimestamp();
        Metrics.Requests.Count(exchange.Context.Request.Method, status);
    }

    /// <summary>The request is over: notes how long it took, and how it ended when it was a tunnel.</summary>
    public void Record()
    {
        // Not when the enclave switched protocols, but to nothing that the client asked for.
        if (_isTunnel && Status is StatusCodes.Status101SwitchingProtocols or StatusCodes.Status200OK)
        {
            TunnelEnd = TunnelEnds.Of(Failure?.Kind);
            Metrics.Tunnels.Count(TunnelEnds.Word(TunnelEnd.Value));
        }

        // How long a tunnel is used says nothing about how fast anything is.
        var (time, started) = (exchange.Time, exchange.Started);
        Duration = _isTunnel ? time.GetElapsedTime(started, _settled) : time.GetElapsedTime(started);
        Metrics.RecordRequest(Duration, exchange.Attempts.QueueTime, exchange.Attempts.FirstByteTime);
    }
}
