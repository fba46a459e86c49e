using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ParentProxy.Simulator.Routes;

/// <summary>What lies below HTTP: for answers that the server would never give.</summary>
internal static class Wire
{
    /// <summary>
    /// Sends <paramref name="bytes"/> past the server, then ends the connection in order: everything sent before arrives, and
    /// after it the end of file. An abort would throw away what the kernel has not taken yet.
    /// </summary>
    public static async Task SendLastAsync(HttpContext context, ReadOnlyMemory<byte> bytes, CancellationToken stopping)
    {
        var output = context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport.Output;
        await output.WriteAsync(bytes, context.RequestAborted);
        await output.CompleteAsync();

        // Closed when all is sent. Only then the abort, which keeps the server from completing the response.
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed.Register(closed.SetResult))
        {
            try
            {
                await closed.Task.WaitAsync(stopping);
            }
            finally
            {
                context.Abort();
            }
        }
    }

    /// <summary>Ends the connection at once; over TCP the peer sees a reset.</summary>
    public static void Reset(HttpContext context)
    {
        context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
        context.Abort();
    }
}
