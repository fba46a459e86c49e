using Microsoft.AspNetCore.Http;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>What the access log tells of one request that is over.</summary>
internal readonly struct AccessEvent
{
    /// <summary>When the request arrived.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>From the arrival to the end; that of a tunnel, too.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The method as it stood on the wire; null when what came was refused before one was known.</summary>
    public string? Method { get; init; }

    /// <summary>The request target as it stood on the wire, without its authority where it had one; null when none was known.</summary>
    public string? Target { get; init; }

    /// <summary>The protocol of the client's side, like <c>HTTP/1.1</c>; null when it was not known.</summary>
    public string? Protocol { get; init; }

    /// <summary>The final status; 499 when the client was gone before; null when there was no response at all.</summary>
    public int? Status { get; init; }

    /// <summary>Bytes of the body that came from the client.</summary>
    public long RequestBytes { get; init; }

    /// <summary>Bytes of the body that went to the client.</summary>
    public long ResponseBytes { get; init; }

    /// <summary>The enclave that had the request last, or null.</summary>
    public string? Enclave { get; init; }

    /// <summary>How many attempts there were; 0 when no enclave was chosen.</summary>
    public int Attempts { get; init; }

    /// <summary>How long it waited for a connection, without the dial; null when it had none.</summary>
    public TimeSpan? Queue { get; init; }

    /// <summary>How long a connection was dialled for it; null when it had none.</summary>
    public TimeSpan? Connect { get; init; }

    /// <summary>From the connection to the head of the enclave's answer; null without one.</summary>
    public TimeSpan? FirstByte { get; init; }

    /// <summary>Why it was tried again, each reason once; null when it was not.</summary>
    public IReadOnlyList<string>? RetryReasons { get; init; }

    /// <summary>Why it failed: the errno by name, or a word for what is none; null when it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>The failure in words, where the program's log does not explain it; null otherwise.</summary>
    public string? Detail { get; init; }

    /// <summary>How the upgraded connection ended; null when it is none.</summary>
    public string? Tunnel { get; init; }

    /// <summary>The client's address; null on a unix socket.</summary>
    public string? Client { get; init; }

    /// <summary>The value of <c>X-Request-Id</c>.</summary>
    public required string RequestId { get; init; }

    /// <summary>The application's own <c>X-Request-Id</c> in the response; null when it gave none.</summary>
    public string? ApplicationRequestId { get; init; }

    /// <summary>The W3C trace id, or null.</summary>
    public string? TraceId { get; init; }

    /// <summary>The fields of the request; null when there are none.</summary>
    public IHeaderDictionary? Fields { get; init; }
}
