using ParentProxy.Attestation;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands.Attest;

/// <summary>What a document was held against, and what came of it.</summary>
/// <param name="Result">The verdict.</param>
/// <param name="Policy">What it had to fulfil.</param>
/// <param name="Endpoint">Who gave it; null for a file.</param>
/// <param name="At">The time by which it was judged.</param>
/// <param name="IsNow">Whether that is now.</param>
internal sealed record AttestVerdict(
    AttestationResult Result, AttestationPolicy Policy, EnclaveEndpoint? Endpoint, DateTimeOffset At, bool IsNow);
