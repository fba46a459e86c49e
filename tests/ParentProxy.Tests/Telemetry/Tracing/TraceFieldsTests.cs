using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using ParentProxy.Telemetry.Tracing;

namespace ParentProxy.Tests.Telemetry.Tracing;

public sealed class TraceFieldsTests
{
    private const string Id = "0af7651916cd43dd8448eb211c80319c";

    [Theory]
    [InlineData($"00-{Id}-b7ad6b7169203331-01")]
    [InlineData($"00-{Id}-b7ad6b7169203331-00")]
    [InlineData($"cc-{Id}-b7ad6b7169203331-01-what-comes-later")]
    public void TraceId_Valid_IsRead(string parent)
    {
        Assert.Equal(Id, TraceId(parent));
        Assert.True(TraceFields.TryParent(new HeaderDictionary { ["traceparent"] = parent }, out var context));
        Assert.Equal(
            (Id, "b7ad6b7169203331", parent[54] == '1' ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, true),
            (context.TraceId.ToHexString(), context.SpanId.ToHexString(), context.TraceFlags, context.IsRemote));
    }

    [Theory]
    [InlineData("")]
    [InlineData($"cc-{Id}-b7ad6b7169203331-01more")]
    [InlineData("not a traceparent")]
    [InlineData($"00-{Id}-b7ad6b7169203331")]
    [InlineData($"00-{Id}-b7ad6b7169203331-01-more")]
    [InlineData($"ff-{Id}-b7ad6b7169203331-01")]
    [InlineData($"0x-{Id}-b7ad6b7169203331-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData($"00-{Id}-0000000000000000-01")]
    [InlineData($"00-{Id}-b7ad6b716920333g-01")]
    [InlineData($"00-{Id}-b7ad6b7169203331-0")]
    [InlineData($"00_{Id}_b7ad6b7169203331_01")]
    public void TraceId_Malformed_IsNone(string parent) => Assert.Null(TraceId(parent));

    [Fact]
    public void TraceId_SeveralOrNone_IsNone()
    {
        Assert.Null(TraceId());
        Assert.Null(TraceId($"00-{Id}-b7ad6b7169203331-01", $"00-{Id}-b7ad6b7169203331-01"));
    }

    private static string? TraceId(params string[] parents) => TraceFields.TraceId(new HeaderDictionary { ["traceparent"] = parents });
}
