using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>The value of <c>X-Request-Id</c>.</summary>
internal static class RequestId
{
    /// <summary>The name of the field, towards both sides.</summary>
    public const string Field = "X-Request-Id";

    private const int MaxLength = 128;

    /// <summary>The one that the request carries when it is usable, else the ALB's trace root, else a new one.</summary>
    public static string For(IHeaderDictionary headers)
    {
        if (IsUsable(headers[Field], out var given))
            return given;
        if (IsUsable(headers["X-Amzn-Trace-Id"], out var trace))
            return Root(trace);

        return New();
    }

    /// <summary>A new one. Nobody is kept from guessing it: it has to be unique, not secret.</summary>
    public static string New() => ActivityTraceId.CreateRandom().ToHexString();

    private static bool IsUsable(StringValues values, out string value)
    {
        value = values.Count == 1 ? values[0] ?? "" : "";
        return value.Length is > 0 and <= MaxLength && value.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;
    }

    /// <summary>The root of <c>Self=…;Root=1-67891233-abcdef012345678912345678</c>, which names the request at the ALB.</summary>
    private static string Root(string trace)
    {
        foreach (var part in trace.Split(';'))
        {
            if (part.StartsWith("Root=", StringComparison.OrdinalIgnoreCase) && part.Length > 5)
                return part[5..];
        }

        return trace;
    }
}
