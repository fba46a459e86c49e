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

        // Aborted when all is sent and the connection is closed. Returning before would let the server complete the response.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        await Task.Delay(Timeout.InfiniteTimeSpan, either.Token);
    }

    /// <summary>Ends the connection at once; over TCP the peer sees a reset.</summary>
    public static void Reset(HttpContext context)
    {
        context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
        context.Abort();
    }
}
