using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands.Doctor;

/// <summary>What all checks look at: the machine, the configuration, the running proxy, and what nitro-cli tells.</summary>
internal sealed record DoctorCase
{
    /// <summary>Files, programs and sockets of this machine.</summary>
    public required Machine Machine { get; init; }

    /// <summary>What reading the configuration gave, with what only a start would find.</summary>
    public required ConfigurationResult<ProxyOptions> Loaded { get; init; }

    /// <summary>The proxy that answers on <c>Admin:Url</c>, or why none does.</summary>
    public required RunningAnswer Running { get; init; }

    /// <summary>What nitro-cli told; null where the file is not there or nobody asked.</summary>
    public DescribeResult? Described { get; init; }

    /// <summary>The enclaves of the configuration, and those that discovery would find; none without a right configuration.</summary>
    public required KnownEnclaves Enclaves { get; init; }

    /// <summary>How enclaves are dialled.</summary>
    public required IEnclaveDialer Dialer { get; init; }

    /// <summary>The clock of the time-outs.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>The configuration; null when it has mistakes.</summary>
    public ProxyOptions? Options => Loaded.Options;

    /// <summary>The configuration, or the defaults when it has mistakes: for what can be looked at without.</summary>
    public ProxyOptions Settings { get; init; } = null!;

    /// <summary>Whether the configuration has anything to do with vsock.</summary>
    public bool NeedsVsock => Options is { } options
        && (options.Discovery.Enabled
            || Enclaves.All.Any(enclave => enclave.Endpoint.Transport == EnclaveTransport.Vsock)
            || options.Egress.Listeners.Any(listener => listener.Listen.Port is not null));

    /// <summary>What stops vsock altogether: fatal where the configuration needs it.</summary>
    public CheckStatus WithoutVsock => NeedsVsock ? CheckStatus.Fail : CheckStatus.Warn;
}
