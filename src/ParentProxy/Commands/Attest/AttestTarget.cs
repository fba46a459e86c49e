using ParentProxy.Configuration;
using ParentProxy.Configuration.Reading;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Endpoints;
using ParentProxy.Trust;

namespace ParentProxy.Commands.Attest;

/// <summary>Finds out where the enclave that was meant answers.</summary>
/// <param name="options">The configuration; null when there is none.</param>
/// <param name="time">The clock of nitro-cli's time-out.</param>
internal sealed class AttestTarget(ProxyOptions? options, TimeProvider time)
{
    private readonly DiscoveryOptions _discovery = options?.Discovery ?? new DiscoveryOptions();

    /// <summary>Where to connect for what was given; asks nitro-cli only where nothing else tells.</summary>
    /// <param name="arguments">What was given.</param>
    /// <param name="cancellationToken">Kills nitro-cli.</param>
    /// <returns>The endpoint; or why there is none.</returns>
    public async Task<Parsed<EnclaveEndpoint>> FindAsync(AttestArguments arguments, CancellationToken cancellationToken)
    {
        var port = arguments.Port ?? (arguments.Http is null ? AttestationOptions.JsonlPort : _discovery.Port);
        if (arguments.Endpoint is { } endpoint)
            return endpoint;
        if (arguments.Cid is { } cid)
            return EnclaveEndpoint.Vsock(cid, port);
        if (arguments.Enclave is { } named && Configured(named) is { } enclave)
            return SectionFor(options, arguments) is { } section
                ? AttestationClients.EndpointOf(enclave.Endpoint, section)
                : AtPort(enclave, arguments);

        if (arguments.Enclave is not null && !_discovery.Enabled)
            return new Mistake(NotConfigured(arguments.Enclave));
        var described = await new NitroCli(time).DescribeAsync(_discovery.NitroCli, _discovery.Timeout, cancellationToken);
        var running = described.Enclaves.Where(one => one.State is null or DescribedEnclave.Running).ToList();
        var found = arguments.Enclave is { } name
            ? running.Find(one => Is(one.Name, name) || Is(one.EnclaveId, name))
            : running.FirstOrDefault();
        if (found is not null)
        {
            return SectionFor(options, arguments) is { } section
                ? AttestationClients.EndpointOf(EnclaveEndpoint.Vsock(found.Cid, _discovery.Port), section)
                : EnclaveEndpoint.Vsock(found.Cid, port);
        }

        if (described.Failure is { } failure)
            return new Mistake(
                $"which enclave is running is not known: {failure}. An endpoint (vsock://CID:PORT) or --cid needs no nitro-cli");
        return new Mistake(arguments.Enclave is null
            ? $"no enclave is running ('{_discovery.NitroCli} describe-enclaves' reported {described.Enclaves.Count}, none of them RUNNING)"
            : $"{NotConfigured(arguments.Enclave)}, and nitro-cli reports none running by that name");
    }

    /// <summary>
    /// How the configuration asks, where it does and nothing else was said: an enclave that it names is asked as the proxy asks it.
    /// </summary>
    /// <param name="options">The configuration; null when there is none.</param>
    /// <param name="arguments">What was given.</param>
    public static AttestationOptions? SectionFor(ProxyOptions? options, AttestArguments arguments) =>
        options?.Attestation is { Mode: not AttestationMode.Off } section
        && arguments is { Enclave: not null, Http: null, Port: null, Mode: AttestMode.Verify or AttestMode.Show }
            ? section
            : null;

    private EnclaveOptions? Configured(string name) =>
        options?.Enclaves.FirstOrDefault(one => Is(one.Id, name)) ?? options?.Enclaves.FirstOrDefault(one => Is(one.Name, name));

    private static Parsed<EnclaveEndpoint> AtPort(EnclaveOptions enclave, AttestArguments arguments)
    {
        uint? port = arguments.Port ?? (arguments.Http is null ? AttestationOptions.JsonlPort : null);
        if (port is null)
            return enclave.Endpoint;
        return EnclaveEndpoint.CheckPort(enclave.Endpoint.Transport, port.Value) is { } reason
            ? new Mistake($"--port: {reason}")
            : enclave.Endpoint.WithPort(port.Value);
    }

    private string NotConfigured(string name) => options?.Enclaves is { Count: > 0 } enclaves
        ? $"no enclave has the Id or Name {Quoted.Text(name)}; there are {string.Join(", ", enclaves.Select(one => one.Name))}"
        : $"no enclave has the Id or Name {Quoted.Text(name)}: none is configured";

    private static bool Is(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
