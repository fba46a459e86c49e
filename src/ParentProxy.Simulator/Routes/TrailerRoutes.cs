using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary><c>/trailers</c>: a body without a length, then the trailer field <c>X-Trailer: sent after the body</c>.</summary>
internal static class TrailerRoutes
{
    private const string Field = "X-Trailer";
    private const string Value = "sent after the body";
    private const string Body = "body";

    public static void Map(IEndpointRouteBuilder routes, EnclaveState state) =>
        routes.MapGet("/trailers", context => AnswerAsync(context, state));

    private static async Task AnswerAsync(HttpContext context, EnclaveState state)
    {
        if (!context.Response.SupportsTrailers())
        {
            await AnswerRawAsync(context, state);
            return;
        }

        context.Response.DeclareTrailer(Field);
        await context.Response.WriteAsync(Body, context.RequestAborted);
        context.Response.AppendTrailer(Field, Value);
    }

    // Kestrel sends no trailers over HTTP/1.1.
    private static Task AnswerRawAsync(HttpContext context, EnclaveState state)
    {
        var response = $"HTTP/1.1 200 OK\r\n{OrdinaryRequests.EnclaveHeader}: {state.Name}\r\nConnection: close\r\n"
            + $"Transfer-Encoding: chunked\r\nTrailer: {Field}\r\n\r\n{Body.Length:x}\r\n{Body}\r\n0\r\n{Field}: {Value}\r\n\r\n";
        return Wire.SendLastAsync(context, Encoding.ASCII.GetBytes(response), state.Stopping);
    }
}
