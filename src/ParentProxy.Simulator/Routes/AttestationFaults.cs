using Microsoft.AspNetCore.Http;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Simulator.Routes;

/// <summary>The faults of an attester that are not in its document but in how the answer is sent.</summary>
internal static class AttestationFaults
{
    /// <summary>Sends an answer with a fault; one that does not concern the sending changes nothing.</summary>
    public static async Task SendAsync(
        HttpContext context, byte[] answer, AttestationFault fault, TimeSpan slowPause, EnclaveState state)
    {
        var (response, aborted) = (context.Response, context.RequestAborted);
        if (fault == AttestationFault.Empty)
        {
            await EndAsync(context, state);
            return;
        }

        byte[] body = fault switch
        {
            AttestationFault.TwoObjects => [.. answer, .. answer],
            AttestationFault.NotJson => "<html><body>not JSON</body></html>"u8.ToArray(),
            _ => answer,
        };
        response.ContentType = fault == AttestationFault.NotJson ? "text/html" : "application/json";
        response.ContentLength = body.Length;
        switch (fault)
        {
            case AttestationFault.Cut:
                await response.BodyWriter.WriteAsync(body.AsMemory(0, body.Length / 2), aborted);
                await EndAsync(context, state);
                break;
            case AttestationFault.Slow:
                for (var i = 0; i < body.Length; i++)
                {
                    await response.BodyWriter.WriteAsync(body.AsMemory(i, 1), aborted);
                    await state.WaitAsync(slowPause, aborted);
                }

                break;
            default:
                await response.BodyWriter.WriteAsync(body, aborted);
                break;
        }
    }

    // Over HTTP/2 the stream alone: the connection carries others.
    private static Task EndAsync(HttpContext context, EnclaveState state)
    {
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
            return Wire.SendLastAsync(context, ReadOnlyMemory<byte>.Empty, state.Stopping);
        context.Abort();
        return Task.CompletedTask;
    }
}
