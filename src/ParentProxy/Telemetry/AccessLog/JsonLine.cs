using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>A request as one line of JSON: flat, what is not known left out.</summary>
internal static partial class JsonLine
{
    /// <summary>Of each value that a client can make as long as it likes. In characters.</summary>
    private const int MaxValue = 2048;

    private static readonly JsonWriterOptions Options = new()
    {
        // Never part of a page; what a terminal could take for a command is escaped nevertheless.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Writes a line with its end.</summary>
    public static void Write(in AccessEvent request, LoggedFields fields, ArrayBufferWriter<byte> line)
    {
        var json = _writer ??= new Utf8JsonWriter(line, Options);
        json.Reset(line);
        json.WriteStartObject();
        json.WriteString(Keys.Type, Keys.Access);
        Span<char> time = stackalloc char[24];
        request.Time.UtcDateTime.TryFormat(time, out var written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        json.WriteString(Keys.Time, time[..written]);
        Write(json, Keys.Method, request.Method);
        Write(json, Keys.Path, RequestPath.Of(request.Target, fields.Options));
        Write(json, Keys.Protocol, request.Protocol);
        if (request.Status is { } status)
            json.WriteNumber(Keys.Status, status);
        json.WriteNumber(Keys.RequestBytes, request.RequestBytes);
        json.WriteNumber(Keys.ResponseBytes, request.ResponseBytes);
        Write(json, Keys.Duration, request.Duration);
        json.WriteString(Keys.Enclave, request.Enclave ?? "none");
        json.WriteNumber(Keys.Attempts, request.Attempts);
        Write(json, Keys.Queue, request.Queue);
        Write(json, Keys.Connect, request.Connect);
        Write(json, Keys.FirstByte, request.FirstByte);
        if (request.RetryReasons is { } reasons)
        {
            json.WriteStartArray(Keys.RetryReasons);
            foreach (var reason in reasons)
                json.WriteStringValue(reason);
            json.WriteEndArray();
        }

        Write(json, Keys.Tunnel, request.Tunnel);
        Write(json, Keys.Failure, request.Failure);
        Write(json, Keys.Detail, request.Detail);
        Write(json, Keys.Client, request.Client);
        Write(json, Keys.Host, fields.Host.Of(request.Fields));
        Write(json, Keys.RequestId, request.RequestId);
        Write(json, Keys.ApplicationRequestId, request.ApplicationRequestId);
        Write(json, Keys.TraceId, request.TraceId);
        Write(json, Keys.LoadBalancerTrace, fields.LoadBalancerTrace.Of(request.Fields));
        foreach (var field in fields.Beside)
            Write(json, field.Key, field.Of(request.Fields));
        json.WriteEndObject();
        json.Flush();
        line.Write("\n"u8);
    }

    private static void Write(Utf8JsonWriter json, JsonEncodedText key, ReadOnlySpan<char> value)
    {
        if (value.Length > 0)
            json.WriteString(key, value.Length > MaxValue ? value[..MaxValue] : value);
    }

    private static void Write(Utf8JsonWriter json, JsonEncodedText key, TimeSpan? value)
    {
        if (value is { } time)
            json.WriteNumber(key, Math.Round(time.TotalMilliseconds, 3));
    }
}
