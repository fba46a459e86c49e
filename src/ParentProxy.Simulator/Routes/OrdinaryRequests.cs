using Microsoft.AspNetCore.Http;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// What happens to every request before its route: the enclave's name on the response, and for ordinary requests the count,
/// the latency and the failures. <c>/health</c> and <c>/control</c> are spared, so that an enclave can be slow or failing
/// and yet healthy and under control.
/// </summary>
internal sealed class OrdinaryRequests(RequestDelegate next, EnclaveState state)
{
    public const string EnclaveHeader = "X-Enclave";

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers[EnclaveHeader] = state.Name;
        try
        {
            if (context.Request.Path.StartsWithSegments("/health"))
            {
                state.CountHealthRequest();
            }
            else if (!context.Request.Path.StartsWithSegments("/control"))
            {
                state.CountRequest();
                if (state.Latency > TimeSpan.Zero)
                    await state.WaitAsync(state.Latency, context.RequestAborted);
                if (Random.Shared.NextDouble() < state.FailureRate)
                {
                    await Json.WriteErrorAsync(context, StatusCodes.Status500InternalServerError, "failed as configured");
                    return;
                }
            }

            await next(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await Json.WriteErrorAsync(context, e.StatusCode, e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || state.Stopping.IsCancellationRequested)
        {
            // The enclave ends in the middle of an answer: that is cut, not completed. When the connection is gone already, an abort
            // could still throw away bytes on their way.
            if (!context.RequestAborted.IsCancellationRequested)
                context.Abort();
        }
    }
}
