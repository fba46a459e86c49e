using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// <c>/attestation?nonce=</c> as Midnight's proof server answers it outside an enclave: status 200, no <c>attestation</c>
/// but an <c>error</c>. Whoever reads only the status takes that for a success.
/// </summary>
internal static class AttestationRoute
{
    private const int MaxNonceBytes = 512; // what the security module takes

    private static readonly AttestationMetadata Metadata = new(
        "Attestation is only available in production TEE deployments",
        ["AWS Nitro Enclaves", "GCP Confidential VM", "Azure Confidential VM"]);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/attestation", AnswerAsync);

    private static Task AnswerAsync(HttpContext context)
    {
        string? nonce = context.Request.Query["nonce"];
        return nonce is not null && Encoding.UTF8.GetByteCount(nonce) > MaxNonceBytes
            ? Json.WriteAsync(
                context,
                new AttestationAnswer("Development/Unknown", "Error", nonce, $"Nonce too long: at most {MaxNonceBytes} bytes", null),
                Json.Answers.AttestationAnswer,
                StatusCodes.Status500InternalServerError)
            : Json.WriteAsync(
                context,
                new AttestationAnswer("Development/Unknown", "N/A", nonce, "Not running in a recognized TEE environment", Metadata),
                Json.Answers.AttestationAnswer);
    }
}
