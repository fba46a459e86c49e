using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// <c>/attestation?nonce=</c> as Midnight's proof server answers it. Outside an enclave, which is without an attester: status 200, no
/// <c>attestation</c> but an <c>error</c>. Whoever reads only the status takes that for a success.
/// </summary>
internal static class AttestationRoute
{
    private const int MaxNonceBytes = 512; // what that server takes, though the security module takes more

    private static readonly AttestationMetadata Metadata = new(
        "Attestation is only available in production TEE deployments",
        ["AWS Nitro Enclaves", "GCP Confidential VM", "Azure Confidential VM"]);

    public static void Map(IEndpointRouteBuilder routes, EnclaveState state, SimulatedAttester? attester) =>
        routes.MapGet("/attestation", context => attester is null ? AnswerOutsideAsync(context) : AnswerAsync(context, state, attester));

    private static Task AnswerOutsideAsync(HttpContext context)
    {
        string? nonce = context.Request.Query["nonce"];
        return IsTooLong(nonce)
            ? RefuseAsync(context, "Development/Unknown", nonce)
            : Json.WriteAsync(
                context,
                new AttestationAnswer("Development/Unknown", "N/A", nonce, "Not running in a recognized TEE environment", Metadata),
                Json.Answers.AttestationAnswer);
    }

    private static Task AnswerAsync(HttpContext context, EnclaveState state, SimulatedAttester attester)
    {
        string? nonce = context.Request.Query["nonce"];
        var fault = attester.Fault;
        return fault switch
        {
            AttestationFault.Error => Json.WriteAsync(
                context,
                new AttestationAnswer("AWS Nitro Enclaves", "CBOR", nonce, "NSM device not available", null),
                Json.Answers.AttestationAnswer),
            _ when IsTooLong(nonce) => RefuseAsync(context, "AWS Nitro Enclaves", nonce),
            _ => AttestationFaults.SendAsync(context, Answer(attester, nonce, fault), fault, attester.SlowPause, state),
        };
    }

    private static byte[] Answer(SimulatedAttester attester, string? nonce, AttestationFault fault)
    {
        var request = new AttestationRequest(nonce is null ? null : Encoding.UTF8.GetBytes(nonce), null, null);
        var made = attester.Attest(request, fault);
        // Of the enclave as it says it is, with a fault too: it is not signed, and nobody may believe it.
        var metadata = new AttestedMetadata(
            made.Document.Length,
            "https://example.invalid/releases",
            "Decode base64, parse CBOR, verify COSE signature against the root certificate",
            made.MadeAt.ToUnixTimeMilliseconds(),
            attester.Pcrs,
            [made.Leaf.Certificate, .. made.Leaf.Bundle],
            attester.ModuleId);
        return JsonSerializer.SerializeToUtf8Bytes(
            new AttestedAnswer("AWS Nitro Enclaves", "CBOR/COSE_Sign1", nonce, made.ToBase64(fault), metadata),
            Json.Answers.AttestedAnswer);
    }

    private static Task RefuseAsync(HttpContext context, string platform, string? nonce) => Json.WriteAsync(
        context,
        new AttestationAnswer(platform, "Error", nonce, $"Nonce too long: at most {MaxNonceBytes} bytes", null),
        Json.Answers.AttestationAnswer,
        StatusCodes.Status500InternalServerError);

    private static bool IsTooLong(string? nonce) => nonce is not null && Encoding.UTF8.GetByteCount(nonce) > MaxNonceBytes;
}
