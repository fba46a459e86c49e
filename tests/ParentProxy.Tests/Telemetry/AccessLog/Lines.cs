using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;
using ParentProxy.Telemetry.AccessLog;

namespace ParentProxy.Tests.Telemetry.AccessLog;

/// <summary>Requests to be logged, and the lines that become of them.</summary>
internal static class Lines
{
    /// <summary>An ordinary request.</summary>
    public static AccessEvent Event(
        string method = "GET",
        string target = "/",
        string? client = "192.0.2.7",
        string protocol = "HTTP/1.1",
        IHeaderDictionary? fields = null) => new()
        {
            Time = new DateTimeOffset(2026, 11, 21, 21, 5, 9, 7, TimeSpan.Zero),
            Duration = TimeSpan.FromMicroseconds(12345.6),
            Method = method,
            Target = target,
            Protocol = protocol,
            Status = 200,
            RequestBytes = 3,
            ResponseBytes = 1234,
            Client = client,
            RequestId = "abc",
            Fields = fields ?? new HeaderDictionary(),
        };

    public static JsonElement Json(in AccessEvent request, AccessLogOptions? options = null)
    {
        var line = Text(request, options ?? new AccessLogOptions());
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(line[..^1], c => char.IsControl(c));
        using var json = JsonDocument.Parse(line);
        return json.RootElement.Clone();
    }

    public static string Combined(in AccessEvent request, AccessLogOptions? options = null) =>
        Text(request, (options ?? new AccessLogOptions()) with { Format = AccessLogFormat.Combined });

    private static string Text(in AccessEvent request, AccessLogOptions options)
    {
        var line = new ArrayBufferWriter<byte>();
        if (options.Format == AccessLogFormat.Combined)
            CombinedLine.Write(request, new LoggedFields(options), line);
        else
            JsonLine.Write(request, new LoggedFields(options), line);
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(line.WrittenSpan);
    }
}
