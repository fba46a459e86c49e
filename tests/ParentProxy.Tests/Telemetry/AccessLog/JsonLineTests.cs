using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;

namespace ParentProxy.Tests.Telemetry.AccessLog;

public sealed class JsonLineTests
{
    [Fact]
    public void Write_OrdinaryRequest_HasItsKeysInOrder()
    {
        var fields = new HeaderDictionary
        {
            ["User-Agent"] = "curl/8.5",
            ["Host"] = "example.test",
            ["X-Amzn-Trace-Id"] = "Root=1-2-3",
            ["Accept"] = "*/*",
        };

        var json = Lines.Json(Lines.Event(target: "/a/b?secret=1", fields: fields));

        Assert.Equal(
            """{"type":"access","time":"2026-11-21T21:05:09.007Z","method":"GET","path":"/a/b","protocol":"HTTP/1.1","status":200,"requestBytes":3,"responseBytes":1234,"durationMs":12.346,"enclave":"none","attempts":0,"client":"192.0.2.7","host":"example.test","requestId":"abc","albTraceId":"Root=1-2-3","userAgent":"curl/8.5"}""",
            json.GetRawText());
    }

    [Fact]
    public void Write_AllThatIsKnown_IsTold()
    {
        var json = Lines.Json(Lines.Event() with
        {
            Enclave = "7",
            Attempts = 3,
            Queue = TimeSpan.FromMilliseconds(0.25),
            Connect = TimeSpan.FromMilliseconds(1.5),
            FirstByte = TimeSpan.FromMilliseconds(9),
            RetryReasons = ["connect", "reset"],
            Failure = "ECONNRESET",
            TraceId = "0af7651916cd43dd8448eb211c80319c",
            Client = null,
        });

        Assert.Equal(("7", 3, 0.25, 1.5, 9.0), (
            json.GetProperty("enclave").GetString(),
            json.GetProperty("attempts").GetInt32(),
            json.GetProperty("queueMs").GetDouble(),
            json.GetProperty("connectMs").GetDouble(),
            json.GetProperty("firstByteMs").GetDouble()));
        Assert.Equal(["connect", "reset"], json.GetProperty("retryReasons").EnumerateArray().Select(reason => reason.GetString()));
        Assert.Equal("ECONNRESET", json.GetProperty("failure").GetString());
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", json.GetProperty("traceId").GetString());
        Assert.False(json.TryGetProperty("client", out _));
    }

    [Theory]
    [MemberData(nameof(HostileText.All), MemberType = typeof(HostileText))]
    public void Write_WhateverAClientSends_IsOneObjectOnOneLine(string hostile)
    {
        var fields = new HeaderDictionary
        {
            ["User-Agent"] = hostile,
            ["Referer"] = hostile,
            ["Host"] = hostile,
            ["X-Amzn-Trace-Id"] = hostile,
        };

        var json = Lines.Json(
            Lines.Event(method: hostile, target: hostile, client: hostile, protocol: hostile, fields: fields),
            new AccessLogOptions { RedactQuery = false });

        Assert.Equal(HostileText.AsUnicode(hostile), json.GetProperty("userAgent").GetString());
        Assert.All(
            json.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.String),
            property => Assert.InRange(property.Value.GetString()!.Length, 1, 2048));
    }

    [Fact]
    public void Write_QueryIsNotRedacted_IsThere() =>
        Assert.Equal(
            "/a?b=c",
            Lines.Json(Lines.Event(target: "/a?b=c"), new AccessLogOptions { RedactQuery = false }).GetProperty("path").GetString());

    [Theory]
    [InlineData(true, "https://example.test/page")]
    [InlineData(false, "https://example.test/page?token=1#x")]
    public void Write_Referer_HasNoQueryEither(bool redactQuery, string expected)
    {
        var fields = new HeaderDictionary { ["Referer"] = "https://example.test/page?token=1#x" };

        Assert.Equal(expected, Lines.Json(Lines.Event(fields: fields), new AccessLogOptions { RedactQuery = redactQuery })
            .GetProperty("referer")
            .GetString());
    }

    [Fact]
    public void Write_FieldThatIsRedacted_IsNeverThere()
    {
        var options = new AccessLogOptions
        {
            Headers = ["authorization", "COOKIE", "X-Api-Key"],
            RedactHeaders = ["Authorization", "Cookie", "x-api-key", "Host", "X-Amzn-Trace-Id"],
        };
        var fields = new HeaderDictionary
        {
            ["Authorization"] = "Bearer s3cret",
            ["Cookie"] = "a=s3cret",
            ["X-Api-Key"] = "s3cret",
            ["Host"] = "s3cret",
            ["X-Amzn-Trace-Id"] = "s3cret",
        };

        var json = Lines.Json(Lines.Event(fields: fields), options);

        Assert.DoesNotContain("s3cret", json.GetRawText(), StringComparison.Ordinal);
        Assert.All(
            ["authorization", "cookie", "xApiKey", "host", "albTraceId"],
            key => Assert.Equal("[redacted]", json.GetProperty(key).GetString()));
    }

    [Fact]
    public void Write_FieldsWithNamesOfOurs_HaveKeysOfTheirOwn()
    {
        var options = new AccessLogOptions { Headers = ["Status", "status", "Path", "X-Forwarded-For", "DNT"] };
        var fields = new HeaderDictionary { ["Status"] = "a", ["Path"] = "b", ["X-Forwarded-For"] = new(["c", "d"]), ["DNT"] = "1" };

        var json = Lines.Json(Lines.Event(fields: fields), options);

        Assert.Equal(200, json.GetProperty("status").GetInt32());
        Assert.Equal(
            ["a", "b", "c,d", "1"],
            new[] { "headerStatus", "headerPath", "xForwardedFor", "dnt" }.Select(key => json.GetProperty(key).GetString()));
        Assert.Equal(json.EnumerateObject().Count(), json.EnumerateObject().DistinctBy(property => property.Name).Count());
    }
}
