using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// Answers that take their time: <c>/slow?ms=</c> (with <c>&amp;head=true</c> the head goes at once),
/// <c>/stream?count=&amp;ms=</c> (server-sent events, a pause between two), <c>/hang</c> (never).
/// </summary>
internal static class TimingRoutes
{
    public static void Map(IEndpointRouteBuilder routes, EnclaveState state)
    {
        routes.Map("/slow", context => AnswerSlowlyAsync(context, state));
        routes.MapGet("/stream", context => StreamAsync(context, state));
        routes.Map("/hang", context => state.WaitAsync(Timeout.InfiniteTimeSpan, context.RequestAborted));
    }

    private static async Task AnswerSlowlyAsync(HttpContext context, EnclaveState state)
    {
        var wait = context.ReadWait();
        if (context.ReadBool("head"))
        {
            context.Response.ContentType = "application/json";
            // StartAsync would only fix the head; the flush puts it on the wire.
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            await state.WaitAsync(wait, context.RequestAborted);
            await context.Response.WriteAsync(
                string.Create(CultureInfo.InvariantCulture, $"{{\"ms\":{wait.TotalMilliseconds}}}"), context.RequestAborted);
            return;
        }

        await state.WaitAsync(wait, context.RequestAborted);
        await Json.WriteAsync(context, new WaitedAnswer((int)wait.TotalMilliseconds), Json.Answers.WaitedAnswer);
    }

    private static Task StreamAsync(HttpContext context, EnclaveState state)
    {
        var count = context.ReadNumber("count", 10, 0, int.MaxValue);
        var events = TickAsync(count, context.ReadWait(), state, context.RequestAborted);
        return TypedResults.ServerSentEvents(events).ExecuteAsync(context);
    }

    private static async IAsyncEnumerable<SseItem<string>> TickAsync(
        int count, TimeSpan pause, EnclaveState state, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                await state.WaitAsync(pause, cancellationToken);
            var number = i.ToString(CultureInfo.InvariantCulture);
            yield return new SseItem<string>(number, "tick") { EventId = number };
        }
    }
}
