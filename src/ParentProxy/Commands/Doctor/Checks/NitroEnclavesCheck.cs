using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>nitro-enclaves</c>: whether what is configured is what runs.</summary>
internal sealed class NitroEnclavesCheck : IDoctorCheck
{
    private const string Id = "nitro-enclaves";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        if (@case.Options is null || @case.Described is not { Failure: null, Enclaves.Count: > 0 } described)
            return Task.FromResult<IReadOnlyList<CheckResult>>([]);
        List<CheckResult> results =
        [
            .. @case.Enclaves.All.Where(IsVsock).Select(enclave => Stale(enclave, described)).OfType<CheckResult>(),
            .. @case.Enclaves.Discovered.Where(known => !known.IsAccepted && !known.IsForeign).Select(Refused),
            .. described.Enclaves.Where(told => !IsKnown(@case, told)).Select(told => Unknown(@case, told)),
        ];
        return Task.FromResult<IReadOnlyList<CheckResult>>(results.Count > 0
            ? results
            : [new CheckResult(Id, CheckStatus.Ok, "what is configured and what runs are the same")]);
    }

    private static bool IsVsock(Enclave enclave) => enclave.Endpoint.Transport == EnclaveTransport.Vsock;

    private static bool IsKnown(DoctorCase @case, DescribedEnclave told) =>
        told.State is not (null or DescribedEnclave.Running)
        || @case.Enclaves.All.Any(enclave => IsVsock(enclave) && enclave.Endpoint.Cid == told.Cid)
        || @case.Enclaves.All.Any(enclave => IsNamed(enclave, told))
        || @case.Enclaves.Discovered.Any(known => known.Described.EnclaveId == told.EnclaveId && !known.IsForeign);

    private static bool IsNamed(Enclave enclave, DescribedEnclave told) =>
        told.Name.Equals(enclave.Name, StringComparison.OrdinalIgnoreCase)
        || told.Name.Equals(enclave.Id, StringComparison.OrdinalIgnoreCase);

    /// <summary>Of an enclave whose CID nobody has; null of any other.</summary>
    private static CheckResult? Stale(Enclave enclave, DescribeResult described)
    {
        var cid = enclave.Endpoint.Cid;
        if (cid < 4 || described.Enclaves.Any(told => told.Cid == cid))
            return null;
        var namesake = described.Enclaves.FirstOrDefault(told => IsNamed(enclave, told));
        return new CheckResult(
            Id,
            CheckStatus.Fail,
            namesake is null
                ? $"enclave {enclave.Id} is configured at CID {cid}, where none runs"
                : $"enclave {enclave.Id} is configured at CID {cid}, but {namesake.Name} runs at CID {namesake.Cid} now")
        {
            Subject = enclave.Id,
            Evidence = [.. described.Enclaves.Select(told => $"nitro-cli tells of {told.Name} at CID {told.Cid}")],
            Remedy = namesake is null
                ? ["nitro-cli describe-enclaves; start the enclave, or correct Cid"]
                :
                [
                    $"set its Cid to {namesake.Cid}; it changes with each start unless nitro-cli run-enclave gets --enclave-cid {cid}",
                    "or let the proxy find it by name: Discovery:Enabled",
                ],
        };
    }

    private static CheckResult Refused(KnownEnclave known) => new(
        Id, CheckStatus.Fail, $"enclave {known.Described.Name} at CID {known.Described.Cid} gets no traffic: {known.Refusal}")
    {
        Subject = known.Described.Name,
        Remedy = ["docs/discovery.md, What each report leads to: Discovery:AllowDebugMode, Discovery:Pcrs"],
    };

    private static CheckResult Unknown(DoctorCase @case, DescribedEnclave told) => new(
        Id, CheckStatus.Warn, $"{told.Name} runs at CID {told.Cid}, and the proxy sends it nothing")
    {
        Subject = told.Name,
        Remedy = @case.Options!.Discovery.Enabled
            ? [$"nothing, if it is meant; otherwise Discovery:EnclaveName ({@case.Options.Discovery.EnclaveName}) has to match its name"]
            : [$"nothing, if it is meant; otherwise an entry of Enclaves, PARENTPROXY_ENCLAVE_<n>_CID={told.Cid} and _PORT, or discovery"],
    };
}
