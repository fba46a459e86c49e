using System.Globalization;

namespace ParentProxy.Tests.Telemetry.Tracing;

/// <summary>A span as a collector got it.</summary>
internal sealed record ExportedSpan(
    string TraceId,
    string Id,
    string ParentId,
    string Name,
    string Kind,
    IReadOnlyDictionary<string, string> Attributes,
    bool IsError,
    string Service)
{
    /// <summary>Reads an <c>ExportTraceServiceRequest</c> (opentelemetry/proto/trace/v1/trace.proto).</summary>
    public static IEnumerable<ExportedSpan> Read(byte[] request) =>
        from resource in new ProtobufMessage(request).Messages(1)
        let service = Pairs(resource.Messages(1).Single().Messages(1))["service.name"]
        from scope in resource.Messages(2)
        from span in scope.Messages(2)
        select new ExportedSpan(
            Convert.ToHexStringLower(span.Bytes(1)),
            Convert.ToHexStringLower(span.Bytes(2)),
            Convert.ToHexStringLower(span.Bytes(4)),
            span.Text(5),
            span.Number(6) switch { 2 => "server", 3 => "client", var kind => $"{kind}" },
            Pairs(span.Messages(9)),
            span.Messages(15).Any(status => status.Number(3) == 2),
            service);

    private static Dictionary<string, string> Pairs(IEnumerable<ProtobufMessage> pairs) =>
        pairs.ToDictionary(pair => pair.Text(1), pair => pair.Messages(2).Single() is var value && value.Number(3) is { } number
            ? ((long)number).ToString(CultureInfo.InvariantCulture)
            : value.Text(1));
}
