using Microsoft.Extensions.Logging;
using ParentProxy.Simulator.Attestation;
using ParentProxy.Simulator.Listening;

namespace ParentProxy.Simulator;

/// <summary>What a simulated enclave is to be: where it listens and how it behaves at first.</summary>
public sealed record SimulatorOptions
{
    /// <summary>
    /// Where it listens, as an endpoint URI: <c>vsock://CID:PORT</c> (CID 4294967295 is any), <c>tcp://127.0.0.1:PORT</c>
    /// (port 0: a free one), <c>unix:/path</c>, or <c>hybrid:/path:PORT</c> (the Firecracker handshake).
    /// </summary>
    public required string Listen { get; init; }

    /// <summary>The name that every response carries as <c>X-Enclave</c>.</summary>
    /// <value>The default value is <c>simulated-enclave</c>.</value>
    public string Name { get; init; } = "simulated-enclave";

    /// <summary>How long an ordinary request (neither <c>/health</c> nor <c>/control</c>) waits before it is looked at.</summary>
    /// <value>The default value is zero.</value>
    public TimeSpan Latency { get; init; } = TimeSpan.Zero;

    /// <summary>The share, 0 to 1, of ordinary requests that are answered 500.</summary>
    /// <value>The default value is 0.</value>
    public double FailureRate { get; init; }

    /// <summary>Serves HTTP/2 without TLS (prior knowledge) instead of HTTP/1.1.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool Http2 { get; init; }

    /// <summary>Whether it attests, and as whom.</summary>
    /// <value>The default value is <see langword="null"/>: it does not, as an application outside an enclave.</value>
    public AttesterOptions? Attestation { get; init; }

    /// <summary>The clock behind every wait and timestamp.</summary>
    /// <value>The default value is <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the server logs; it is not disposed.</summary>
    /// <value>The default value is <see langword="null"/>: nowhere.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Reads where to listen and checks the rest; reports every mistake at once.</summary>
    internal (ListenAddress Http, ListenAddress? Lines) Validate()
    {
        var errors = new List<string>();
        if (!ListenAddress.TryParse(Listen, out var address, out var error))
            errors.Add(error);
        // It becomes a header field's value.
        if (Name.Length is 0 or > 128 || Name.AsSpan().ContainsAnyExceptInRange('!', '~'))
            errors.Add($"name '{Name}': 1 to 128 visible ASCII characters");
        if (!WaitRange.Contains(Latency))
            errors.Add($"latency {Latency.TotalMilliseconds} ms: 0 to {WaitRange.MaxMilliseconds}");
        if (!FailureRateRange.Contains(FailureRate))
            errors.Add($"failure rate {FailureRate}: 0 to 1");
        var lines = Attestation?.Validate(errors);
        return errors.Count == 0 ? (address!, lines) : throw new ArgumentException(string.Join("; ", errors));
    }
}
