using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;

namespace ParentProxy.Tests.Telemetry.AccessLog;

public sealed partial class CombinedLineTests
{
    [Fact]
    public void Write_OrdinaryRequest_IsApaches()
    {
        var fields = new HeaderDictionary { ["User-Agent"] = "Mozilla/5.0 (X11; Linux)", ["Referer"] = "http://example.test/start?x=1" };

        Assert.Equal(
            "192.0.2.7 - - [21/Nov/2026:21:05:09 +0000] \"GET /a HTTP/1.1\" 200 1234 \"http://example.test/start\" "
                + "\"Mozilla/5.0 (X11; Linux)\"\n",
            Lines.Combined(Lines.Event(target: "/a?b", fields: fields)));
    }

    [Fact]
    public void Write_NothingKnown_IsADash() => Assert.Equal(
        "- - - [21/Nov/2026:21:05:09 +0000] \"GET / HTTP/1.1\" 200 - \"-\" \"-\"\n",
        Lines.Combined(Lines.Event(client: null) with { ResponseBytes = 0 }));

    [Fact]
    public void Write_FieldsThatAreNotToBeLogged_AreNot()
    {
        var fields = new HeaderDictionary { ["User-Agent"] = "s3cret", ["Referer"] = "s3cret" };

        Assert.EndsWith(" \"-\" \"[redacted]\"\n", Lines.Combined(
            Lines.Event(fields: fields),
            new AccessLogOptions { Headers = ["user-agent"], RedactHeaders = ["USER-AGENT"] }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\"b", "a\\\"b")]
    [InlineData("a\\b", "a\\\\b")]
    [InlineData("\r\n\t\v\b", "\\r\\n\\t\\v\\b")]
    [InlineData("\0\u001b\u007f", "\\x00\\x1b\\x7f")]
    [InlineData("\u00c3\u00a9", "\\xc3\\xa9")]
    public void Write_Escapes_AreApaches(string agent, string expected)
    {
        var line = Lines.Combined(Lines.Event(fields: new HeaderDictionary { ["User-Agent"] = agent }));

        Assert.EndsWith($" \"-\" \"{expected}\"\n", line, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(HostileText.All), MemberType = typeof(HostileText))]
    public void Write_WhateverAClientSends_HasTheNineParts(string hostile)
    {
        var fields = new HeaderDictionary { ["User-Agent"] = hostile, ["Referer"] = hostile };

        var line = Lines.Combined(
            Lines.Event(target: hostile, client: hostile, fields: fields), new AccessLogOptions { RedactQuery = false });

        Assert.Matches(Combined(), line);
        Assert.All(line[..^1], c => Assert.InRange(c, ' ', '~'));
    }

    [GeneratedRegex(
        """^[^ ]+ - - \[21/Nov/2026:21:05:09 \+0000\] "GET ([^"\\]|\\.)* HTTP/1\.1" 200 1234 "([^"\\]|\\.)*" "([^"\\]|\\.)*"\n\z""")]
    private static partial Regex Combined();
}
