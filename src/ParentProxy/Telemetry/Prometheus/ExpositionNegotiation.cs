using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ParentProxy.Telemetry.Prometheus;

/// <summary>What a scraper asks for, and how it is told what it got.</summary>
internal static class ExpositionNegotiation
{
    /// <summary>
    /// The format with the highest quality, the first of those that share it. Text 0.0.4 where none is asked for that
    /// we have: a scraper can make more of it than of a 406.
    /// </summary>
    public static ExpositionFormat Format(HttpRequest request)
    {
        var best = ExpositionFormat.Text;
        var bestQuality = 0.0;
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted))
            return best;
        foreach (var entry in accepted)
        {
            var quality = entry.Quality ?? 1;
            if (quality > bestQuality && Known(entry) is { } format)
                (best, bestQuality) = (format, quality);
        }

        return best;
    }

    /// <summary>Whether the answer may be compressed with gzip.</summary>
    public static bool AcceptsGzip(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var accepted)
        && accepted.Any(entry => entry.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && entry.Quality is not 0);

    /// <summary>The content type of a format.</summary>
    public static string ContentType(ExpositionFormat format) => format == ExpositionFormat.Text
        ? "text/plain; version=0.0.4; charset=utf-8"
        : "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";

    // An escaping that is asked for is the most that the scraper can read; underscores are within all of them.
    private static ExpositionFormat? Known(MediaTypeHeaderValue entry)
    {
        var version = HeaderUtilities.RemoveQuotes(entry.Parameters.FirstOrDefault(p => p.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.Value ?? default).Value;
        if (entry.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase) && version is (null or "" or "0.0.4"))
            return ExpositionFormat.Text;
        if (entry.MediaType.Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase) && version is (null or "" or "1.0.0"))
            return ExpositionFormat.OpenMetrics;
        return null;
    }
}
