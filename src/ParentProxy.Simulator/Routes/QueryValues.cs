using System.Globalization;
using System.Numerics;
using Microsoft.AspNetCore.Http;

namespace ParentProxy.Simulator.Routes;

/// <summary>Reads query parameters strictly: a typing mistake in a test must not pass for the default.</summary>
internal static class QueryValues
{
    public static bool ReadBool(this HttpContext context, string name, bool fallback = false) =>
        context.ReadText(name) switch
        {
            null => fallback,
            "true" => true,
            "false" => false,
            var other => throw Bad(name, other, "true or false"),
        };

    public static T ReadNumber<T>(this HttpContext context, string name, T fallback, T min, T max)
        where T : INumber<T>
    {
        if (context.ReadText(name) is not { } text)
            return fallback;
        return T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Bad(name, text, $"{min} to {max}");
    }

    public static TimeSpan ReadWait(this HttpContext context, string name = "ms") =>
        TimeSpan.FromMilliseconds(context.ReadNumber(name, 0, 0, WaitRange.MaxMilliseconds));

    public static void Require(this HttpContext context, string name)
    {
        if (!context.Request.Query.ContainsKey(name))
            throw new BadHttpRequestException($"the query parameter '{name}' is missing");
    }

    public static string? ReadText(this HttpContext context, string name)
    {
        var values = context.Request.Query[name];
        return values.Count <= 1 ? values : throw Bad(name, values.ToString(), "one value");
    }

    public static BadHttpRequestException Bad(string name, string? value, string expected) =>
        new($"the query parameter '{name}' is '{value}': {expected}");
}
