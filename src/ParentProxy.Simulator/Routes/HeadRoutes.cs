using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary><c>/status/{code}</c> answers with a status, <c>/headers?name=value</c> with header fields.</summary>
internal static class HeadRoutes
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Map("/status/{code}", AnswerStatusAsync);
        routes.Map("/headers", AnswerHeadersAsync);
    }

    private static Task AnswerStatusAsync(HttpContext context)
    {
        if (!int.TryParse((string?)context.Request.RouteValues["code"], NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            || code is < 200 or > 999)
            throw new BadHttpRequestException("/status/{code}: 200 to 999");
        if (code is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified)
        {
            context.Response.StatusCode = code;
            return Task.CompletedTask;
        }

        return Json.WriteAsync(context, new StatusAnswer(code), Json.Answers.StatusAnswer, code);
    }

    private static Task AnswerHeadersAsync(HttpContext context)
    {
        foreach (var (name, values) in context.Request.Query)
        {
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                throw new BadHttpRequestException($"{name}: the framing is the server's");
            try
            {
                context.Response.Headers[name] = values;
            }
            catch (InvalidOperationException e)
            {
                throw new BadHttpRequestException(e.Message, e);
            }
        }

        return Json.WriteAsync(context, new StatusAnswer(StatusCodes.Status200OK), Json.Answers.StatusAnswer);
    }
}
