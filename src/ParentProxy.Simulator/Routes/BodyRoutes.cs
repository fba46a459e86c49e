using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// <c>/sha256</c> digests a body; <c>/bytes/{n}</c> sends
/// <see cref="BytePattern"/>, with <c>?chunked=true</c> without a length.
/// </summary>
internal static class BodyRoutes
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/sha256", [HttpMethods.Post, HttpMethods.Put], DigestAsync);
        routes.MapGet("/bytes/{n}", SendBytesAsync);
        routes.MapMethods("/bytes/{n}", [HttpMethods.Head], SendBytesAsync);
    }

    private static async Task DigestAsync(HttpContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = await RequestBody.ReadAsync(context, hash.AppendData);
        var answer = new DigestAnswer(Convert.ToHexStringLower(hash.GetHashAndReset()), length);
        await Json.WriteAsync(context, answer, Json.Answers.DigestAnswer);
    }

    private static async Task SendBytesAsync(HttpContext context)
    {
        if (!long.TryParse((string?)context.Request.RouteValues["n"], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            throw new BadHttpRequestException("/bytes/{n}: n is a number of bytes");
        context.Response.ContentType = "application/octet-stream";
        if (!context.ReadBool("chunked"))
            context.Response.ContentLength = count;
        if (!HttpMethods.IsHead(context.Request.Method))
            await BytePattern.WriteAsync(context.Response.BodyWriter, count, context.RequestAborted);
    }
}
