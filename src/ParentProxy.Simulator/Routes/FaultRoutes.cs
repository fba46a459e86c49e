using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// What goes wrong with an application behind a proxy. <c>/reset</c>: the connection is aborted before any byte.
/// <c>/cut?after=N</c>: N bytes of <see cref="BytePattern"/> out of a declared 2N (<c>&amp;chunked=true</c>: without the last
/// chunk), then the end of file (over HTTP/2: a reset of the stream). <c>/garbage</c>: no HTTP at all.
/// <c>/early?code=</c>: an answer before the body was read, then closed.
/// </summary>
internal static class FaultRoutes
{
    // Neither a status line nor an HTTP/2 frame of any known meaning.
    private static readonly byte[] Garbage = [0x00, 0xff, .. "\x16\x03 this is not HTTP\r\n\r\n"u8];

    public static void Map(IEndpointRouteBuilder routes, EnclaveState state)
    {
        routes.Map("/reset", ResetAsync);
        routes.Map("/cut", context => CutAsync(context, state));
        routes.Map("/garbage", context => Wire.SendLastAsync(context, Garbage, state.Stopping));
        routes.Map("/early", context => AnswerEarlyAsync(context, state));
    }

    private static Task ResetAsync(HttpContext context)
    {
        Wire.Reset(context);
        return Task.CompletedTask;
    }

    private static async Task CutAsync(HttpContext context, EnclaveState state)
    {
        var after = context.ReadNumber("after", 1024L, 1L, long.MaxValue / 2);
        context.Response.ContentType = "application/octet-stream";
        if (!context.ReadBool("chunked"))
            context.Response.ContentLength = 2 * after;
        await BytePattern.WriteAsync(context.Response.BodyWriter, after, context.RequestAborted);
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Abort();
        else
            await Wire.SendLastAsync(context, ReadOnlyMemory<byte>.Empty, state.Stopping);
    }

    private static async Task AnswerEarlyAsync(HttpContext context, EnclaveState state)
    {
        var code = context.ReadNumber("code", StatusCodes.Status413PayloadTooLarge, 200, 599);
        var http2 = HttpProtocol.IsHttp2(context.Request.Protocol);
        if (!http2)
            context.Response.Headers.Connection = "close";
        await Json.WriteErrorAsync(context, code, "answered before the body was read");
        // Over HTTP/2 the server itself ends the stream; over HTTP/1.1 it would first read on for seconds.
        if (!http2)
            await Wire.SendLastAsync(context, ReadOnlyMemory<byte>.Empty, state.Stopping);
    }
}
