using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// <c>/echo</c> tells what arrived (header bytes as Latin-1); <c>/echo/body</c> sends the body back as it comes.
/// </summary>
internal static class EchoRoutes
{
    private const int MaxText = 64 * 1024;

    public static void Map(IEndpointRouteBuilder routes, EnclaveState state)
    {
        routes.Map("/echo", context => TellAsync(context, state));
        routes.MapPost("/echo/body", SendBackAsync);
    }

    private static async Task TellAsync(HttpContext context, EnclaveState state)
    {
        var request = context.Request;
        var text = new ArrayBufferWriter<byte>();
        var length = await RequestBody.ReadAsync(context, chunk =>
        {
            var take = Math.Min(chunk.Length, MaxText - text.WrittenCount);
            text.Write(chunk[..take]);
        });
        var trailers = request.CheckTrailersAvailable()
            ? ToLists(context.Features.GetRequiredFeature<IHttpRequestTrailersFeature>().Trailers)
            : null;
        var answer = new EchoAnswer(
            state.Name,
            request.Method,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            request.Protocol,
            ToLists(request.Headers),
            length,
            Encoding.UTF8.GetString(text.WrittenSpan),
            trailers is { Count: > 0 } ? trailers : null);
        await Json.WriteAsync(context, answer, Json.Answers.EchoAnswer);
    }

    private static async Task SendBackAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        response.ContentType = request.ContentType ?? "application/octet-stream";
        // The head goes first, for clients that send only after it; but it would swallow the 100 that others wait for.
        if (request.Headers.Expect.Count == 0)
            await response.BodyWriter.FlushAsync(context.RequestAborted);
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(context.RequestAborted);
            foreach (var segment in read.Buffer)
                response.BodyWriter.Write(segment.Span);
            request.BodyReader.AdvanceTo(read.Buffer.End);
            await response.BodyWriter.FlushAsync(context.RequestAborted);
            if (read.IsCompleted)
                return;
        }
    }

    private static Dictionary<string, string[]> ToLists(IHeaderDictionary headers) =>
        headers.ToDictionary(field => field.Key, field => field.Value.Select(value => value ?? "").ToArray());
}
