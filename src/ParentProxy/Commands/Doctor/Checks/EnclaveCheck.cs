using System.Globalization;
using ParentProxy.Attestation;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Trust;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary>
/// Each enclave as the proxy would meet it: <c>enclave-dial</c>, <c>enclave-probe</c>, <c>enclave-attestation</c> and
/// <c>enclave-echo</c>.
/// </summary>
internal sealed class EnclaveCheck : IDoctorCheck
{
    private const string Dial = "enclave-dial";
    private const string Probe = "enclave-probe";
    private const string Attestation = "enclave-attestation";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        if (@case.Options is not { } options)
            return [new CheckResult(Dial, CheckStatus.Skip, "which enclaves there are is not known without a right configuration")
            {
                Remedy = ["see configuration, above; parent-proxy ping ENDPOINT asks one without it"],
            }];
        var all = await Task.WhenAll(@case.Enclaves.All.Select(enclave => LookAsync(@case, options, enclave, cancellationToken)));
        return [.. all.SelectMany(results => results)];
    }

    private static async Task<IReadOnlyList<CheckResult>> LookAsync(
        DoctorCase @case, ProxyOptions options, Enclave enclave, CancellationToken cancellationToken)
    {
        var dial = await DialAsync(@case, options, enclave, cancellationToken);
        if (dial.Status == CheckStatus.Fail && enclave.Status is { State: EnclaveState.Draining } aside)
            return [dial with { Status = CheckStatus.Warn, Summary = $"{dial.Summary}; it is set aside: {aside.Reason}" }];
        if (dial.Status == CheckStatus.Fail)
            return [dial];
        List<CheckResult> results = [dial, await ProbeAsync(@case, options, enclave, cancellationToken)];
        if (options.Attestation.Mode != AttestationMode.Off)
            results.Add(await AttestAsync(@case, options, enclave, cancellationToken));
        if (await EnclaveEcho.TryAsync(@case, options, enclave, cancellationToken) is { } echo)
            results.Add(echo);
        return results;
    }

    private static async Task<CheckResult> DialAsync(
        DoctorCase @case, ProxyOptions options, Enclave enclave, CancellationToken cancellationToken)
    {
        var started = @case.Time.GetTimestamp();
        try
        {
            await using var stream = await @case.Dialer.DialAsync(enclave.Endpoint, options.Timeouts.Connect, cancellationToken);
            var took = @case.Time.GetElapsedTime(started).TotalMilliseconds;
            return Result(Dial, enclave, CheckStatus.Ok, string.Create(
                CultureInfo.InvariantCulture, $"{enclave.Endpoint} took a connection within {took:0.0} ms"));
        }
        catch (DialException ex)
        {
            return Result(Dial, enclave, CheckStatus.Fail, $"{enclave.Endpoint}: {ex.Code} ({ex.Meaning})") with { Remedy = [ex.Hint] };
        }
    }

    private static async Task<CheckResult> ProbeAsync(
        DoctorCase @case, ProxyOptions options, Enclave enclave, CancellationToken cancellationToken)
    {
        var probe = await @case.Enclaves.ProbeAsync(enclave, options.Health.Probe.Timeout, cancellationToken);
        var took = string.Create(CultureInfo.InvariantCulture, $"{probe.Latency.TotalMilliseconds:0.0} ms");
        if (probe.Ok)
            return Result(Probe, enclave, CheckStatus.Ok, $"{probe.Detail} within {took}");
        return Result(Probe, enclave, CheckStatus.Fail, $"{probe.Code}: {probe.Detail}") with
        {
            Evidence = [$"it took {took}; at most {options.Health.Probe.Timeout.TotalSeconds:0.###} s (Health:Probe:Timeout)"],
            Remedy =
            [
                probe.Code switch
                {
                    "status" or "body" => "set Health:Probe:Path to a path that the application answers, or Health:Probe:Type to connect",
                    "closed" => "socat in the enclave runs, and the application behind it does not: nitro-cli console (debug mode)",
                    "protocol" => "is the port right? TLS inside: Health:Probe:Type https; HTTP/2: Routing:HttpVersion 2",
                    ProbeResult.Timeout => "the application is busy or stuck; raise Health:Probe:Timeout if it is slow by nature",
                    _ => "docs/troubleshooting.md, Errors by name",
                },
            ],
        };
    }

    private static async Task<CheckResult> AttestAsync(
        DoctorCase @case, ProxyOptions options, Enclave enclave, CancellationToken cancellationToken)
    {
        var section = options.Attestation;
        var isEnforced = section.Mode == AttestationMode.Enforce;
        var bad = isEnforced ? CheckStatus.Fail : CheckStatus.Warn;
        var endpoint = AttestationClients.EndpointOf(enclave.Endpoint, section);
        var peer = new AttestationPeer(
            endpoint, token => @case.Dialer.DialAsync(endpoint, section.Timeout, token), section.Timeout, @case.Time);
        var request = new AttestationRequest { Nonce = AttestationNonce.Create() };
        try
        {
            var document = await AttestationClients.For(peer, section, options).RequestAsync(request, cancellationToken);
            var result = new AttestationVerifier(@case.Time).Verify(document, section.Policy with { Nonce = request.NonceBytes });
            return result switch
            {
                { Failure: { } failure } => Result(Attestation, enclave, bad, $"{failure.Reason.Code()}: {failure.Message}") with
                {
                    Remedy =
                    [
                        $"parent-proxy attest {enclave.Id}",
                        $"docs/attestation.md, Reason codes, says what to do{(isEnforced ? "; with enforce it gets no traffic" : "")}",
                    ],
                },
                { Verdict: AttestationVerdict.Verified } => Result(Attestation, enclave, CheckStatus.Ok, "its document is verified"),
                _ => Result(Attestation, enclave, CheckStatus.Warn, "AWS vouches for it, but not for which image: no PCR is pinned") with
                {
                    Remedy = ["pin its image: Attestation:Pcrs, or Attestation:PcrsFrom with what nitro-cli build-enclave printed"],
                },
            };
        }
        catch (AttestationRequestException ex)
        {
            return Result(Attestation, enclave, bad, $"it gives no document: {ex.Message}") with
            {
                Remedy = [$"parent-proxy attest {enclave.Id}; Attestation:Protocol, Port and Path say how it is asked"],
            };
        }
    }

    private static CheckResult Result(string id, Enclave enclave, CheckStatus status, string summary) =>
        new(id, status, $"{enclave.Id}: {summary.TrimEnd('.')}") { Subject = enclave.Id };
}
