using System.Text;
using ParentProxy.Http1;

namespace ParentProxy.Tests.Http1;

public sealed class ResponseHeadParserTests
{
    private const string Behind = "HTTP/1.1 999 what comes behind\r\n";

    public static TheoryData<string, string> Accepted => new()
    {
        { "HTTP/1.1 200 OK\r\n\r\n", "1.1 200 'OK'" },
        { "HTTP/1.0 200 OK\r\n\r\n", "1.0 200 'OK'" },
        { "HTTP/1.1 200 \r\n\r\n", "1.1 200 ''" },
        { "HTTP/1.1 200\r\n\r\n", "1.1 200 ''" },
        { "HTTP/1.1 404  Not \t Found \xE9\xFF\r\n\r\n", "1.1 404 ' Not \t Found \xE9\xFF'" },
        { "HTTP/1.1 100 Continue\r\n\r\n", "1.1 100 'Continue' interim" },
        { "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", "1.1 103 'Early Hints' interim Link:</a.css>" },
        { "HTTP/1.1 599 x\r\n\r\n", "1.1 599 'x'" },
        { "HTTP/1.1 200 OK\r\na:b\r\nA: c\r\na:\t d e \t\r\n\r\n", "1.1 200 'OK' a:b A:c a:d e" },
        { "HTTP/1.1 200 OK\r\nx:\r\ny: \r\nz: \t \r\n\r\n", "1.1 200 'OK' x: y: z:" },
        {
            "HTTP/1.1 200 OK\r\n!#$%&'*+-.^_`|~09azAZ: \"(),/:;<=>?@[\\]{}\xA0\r\n\r\n",
            "1.1 200 'OK' !#$%&'*+-.^_`|~09azAZ:\"(),/:;<=>?@[\\]{}\xA0" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "1.1 200 'OK' length=0 Content-Length:0" },
        { "HTTP/1.1 200 OK\r\nCONTENT-length:007\r\n\r\n", "1.1 200 'OK' length=7 CONTENT-length:007" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\t,5\r\n\r\n", "1.1 200 'OK' length=5 Content-Length:5, 5\t,5" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n", "1.1 200 'OK' length=5 Content-Length:5 content-length:5" },
        {
            "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n",
            "1.1 200 'OK' length=9223372036854775807 Content-Length:9223372036854775807" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1.1 200 'OK' chunked Transfer-Encoding:chunked" },
        { "HTTP/1.1 200 OK\r\ntransfer-encoding:CHUNKed \r\n\r\n", "1.1 200 'OK' chunked transfer-encoding:CHUNKed" },
        { "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "1.1 204 'No Content' Content-Length:0" },
        { "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "1.1 204 'No Content' Transfer-Encoding:chunked" },
        { "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n", "1.1 103 'Early Hints' interim Content-Length:5" },
        { "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "1.1 304 'Not Modified' length=5 Content-Length:5" },
        { "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "1.1 200 'OK' close Connection:close" },
        { "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", "1.0 200 'OK' keep-alive Connection:Keep-Alive" },
        {
            "HTTP/1.1 200 OK\r\nConnection: , foo ,,\tCLOSE\r\nconnection: Bar\r\n\r\n",
            "1.1 200 'OK' close named=foo,Bar Connection:, foo ,,\tCLOSE connection:Bar" },
        { "HTTP/1.1 200 OK\r\nConnection:\r\n\r\n", "1.1 200 'OK' Connection:" },
        {
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "1.1 101 'Switching Protocols' upgrade to=websocket Connection:Upgrade Upgrade:websocket" },
        { "HTTP/1.1 426 x\r\nUpgrade: a\r\nupgrade: b\r\n\r\n", "1.1 426 'x' to=a, b Upgrade:a upgrade:b" },
        { "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\n\r\n", "1.1 200 'OK' timeout=5 Keep-Alive:timeout=5" },
        { "HTTP/1.1 200 OK\r\nKeep-Alive: max=9, Timeout = 15 \r\n\r\n", "1.1 200 'OK' timeout=15 Keep-Alive:max=9, Timeout = 15" },
        {
            "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=15, timeout=x\r\nKeep-Alive: timeout=7\r\n\r\n",
            "1.1 200 'OK' timeout=7 Keep-Alive:timeout=15, timeout=x Keep-Alive:timeout=7" },
        {
            "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=-1, timeout, =, 5, timeout=99999999999, timeout=\r\n\r\n",
            "1.1 200 'OK' Keep-Alive:timeout=-1, timeout, =, 5, timeout=99999999999, timeout=" },
        { "HTTP/1.1 200 OK\r\nContent-Lengths: x\r\nTransfer_Encoding: y\r\n\r\n", "1.1 200 'OK' Content-Lengths:x Transfer_Encoding:y" },
    };

    public static TheoryData<string, string> Refused => new()
    {
        { "\r\nHTTP/1.1 200 OK\r\n\r\n", "an empty line before the status line" },
        { "\nHTTP/1.1 200 OK\r\n\r\n", "an empty line before the status line" },
        { "\r", "an empty line before the status line" },
        { " HTTP/1.1 200 OK\r\n\r\n", "it does not begin with HTTP/1." },
        { "http/1.1 200 OK\r\n\r\n", "it does not begin with HTTP/1." },
        { "HTT-", "it does not begin with HTTP/1." },
        { "\0", "it does not begin with HTTP/1." },
        { "<html>", "it does not begin with HTTP/1." },
        { "\x15\x03\x01\0\x02", "it does not begin with HTTP/1." },
        { "HTTP /1.1 200 OK\r\n\r\n", "it does not begin with HTTP/1." },
        { "HTTP/2", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/1,", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/11", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/0.9 200 OK\r\n\r\n", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/1.2 200 OK\r\n\r\n", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/1.\r\n", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/1.10 200 OK\r\n", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/1.1x200 OK\r\n", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/1.1\t200 OK\r\n", "a version other than HTTP/1.0 and HTTP/1.1" },
        { "HTTP/1.1\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 \r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 20\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 20 OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 2000 OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 200OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 200\tOK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1  200 OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 +20 OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 -20 OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 2 0 OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 2x0 OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 OK\r\n", "a status line without a status of three digits" },
        { "HTTP/1.1 000 x\r\n", "the status 000" },
        { "HTTP/1.1 099 x\r\n", "the status 099" },
        { "HTTP/1.1 600 x\r\n", "the status 600" },
        { "HTTP/1.1 999 x\r\n", "the status 999" },
        { "HTTP/1.1 200 OK\n\n", "a bare LF in the head" },
        { "HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n", "a bare LF in the head" },
        { "HTTP/1.1 200 OK\r\na: b\r\n\n", "a bare LF in the head" },
        { "HTTP/1.1 200 OK\r\r\n", "a bare CR in the head" },
        { "HTTP/1.1 200 O\rK\r\n", "a bare CR in the head" },
        { "HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n", "a bare CR in the head" },
        { "HTTP/1.1 200 OK\r\na: b\r\n\rx", "a bare CR in the head" },
        { "HTTP/1.1 200 O\0K\r\n\r\n", "a control byte (0x00) in the head" },
        { "HTTP/1.1 200 \x7F\r\n\r\n", "a control byte (0x7F) in the head" },
        { "HTTP/1.1 200 OK\r\na: \0\r\n\r\n", "a control byte (0x00) in the head" },
        { "HTTP/1.1 200 OK\r\na: \x1B[m\r\n\r\n", "a control byte (0x1B) in the head" },
        { "HTTP/1.1 200 OK\r\na\0: b\r\n\r\n", "a control byte (0x00) in the head" },
        { "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", "a folded field line" },
        { "HTTP/1.1 200 OK\r\na: b\r\n\tc\r\n\r\n", "a folded field line" },
        { "HTTP/1.1 200 OK\r\n a: b\r\n\r\n", "a folded field line" },
        { "HTTP/1.1 200 OK\r\n \r\n\r\n", "a folded field line" },
        { "HTTP/1.1 200 OK\r\na\r\n\r\n", "a field line without a colon" },
        { "HTTP/1.1 200 OK\r\na b\r\n\r\n", "a field line without a colon" },
        { "HTTP/1.1 200 OK\r\n: b\r\n\r\n", "a field line with an empty name" },
        { "HTTP/1.1 200 OK\r\na : b\r\n\r\n", "a space between a field name and its colon" },
        { "HTTP/1.1 200 OK\r\na\t: b\r\n\r\n", "a space between a field name and its colon" },
        { "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", "a space between a field name and its colon" },
        { "HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "a field name with a byte that no name may have" },
        { "HTTP/1.1 200 OK\r\na\"b: c\r\n\r\n", "a field name with a byte that no name may have" },
        { "HTTP/1.1 200 OK\r\n(a): c\r\n\r\n", "a field name with a byte that no name may have" },
        { "HTTP/1.1 200 OK\r\na\xE9: c\r\n\r\n", "a field name with a byte that no name may have" },
        { "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5.0\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5,\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: ,5\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5;5\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: \xB2\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 204 x\r\nContent-Length: x\r\n\r\n", "a Content-Length that is not a number" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", "a Content-Length above 9223372036854775807" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\n", "a Content-Length above 9223372036854775807" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "two different Content-Length values (5 and 6)" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", "two different Content-Length values (5 and 6)" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "both Content-Length and Transfer-Encoding" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "both Content-Length and Transfer-Encoding" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "more than one Transfer-Encoding field" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n", "a Transfer-Encoding other than chunked" },
        { "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in an HTTP/1.0 response" },
    };

    [Theory]
    [MemberData(nameof(Accepted))]
    public void TryParse_GoodHead_SaysWhatItIs(string head, string expected)
    {
        foreach (var ends in Splits.Of(head.Length))
        {
            Assert.Equal(expected, Parse(new(Http1Limits.Default), head, ends, ""));
            Assert.Equal(expected, Parse(new(Http1Limits.Default), head, ends, Behind));
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void TryParse_BadHead_SaysWhatIsWrong(string head, string reason)
    {
        foreach (var ends in Splits.Of(head.Length))
        {
            Assert.Equal(reason, Refusal(Http1Limits.Default, head, ends, ""));
            Assert.Equal(reason, Refusal(Http1Limits.Default, head, ends, Behind));
        }
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void TryParse_GoodHeadAgain_SaysTheSameWithTheSameStrings(string head, string expected)
    {
        foreach (var ends in Splits.Of(head.Length))
        {
            var parser = new ResponseHeadParser(Http1Limits.Default);
            Assert.Equal(expected, Parse(parser, head, [head.Length], ""));
            var (reason, fields) = (parser.Head.Reason, parser.Head.Fields.ToArray());

            Assert.Equal(expected, Parse(parser, head, ends, Behind));

            Assert.Same(reason, parser.Head.Reason);
            foreach (var (before, now) in fields.Zip(parser.Head.Fields.ToArray()))
            {
                Assert.Same(before.Name, now.Name);
                Assert.Same(before.Value, now.Value);
            }
        }
    }

    [Fact]
    public void TryParse_EachHeadBehindEachOther_SaysTheSameAsOnAFreshConnection()
    {
        foreach (var (before, _) in Rows(Accepted))
        {
            foreach (var (head, expected) in Rows(Accepted))
            {
                var parser = new ResponseHeadParser(Http1Limits.Default);
                Parse(parser, before, [before.Length], Behind);
                Assert.Equal(expected, Parse(parser, head, [head.Length], Behind));
            }
        }
    }

    [Fact]
    public void TryParse_EachBadHeadBehindEachGoodOne_IsRefusedAsOnAFreshConnection()
    {
        foreach (var (before, _) in Rows(Accepted))
        {
            foreach (var (head, reason) in Rows(Refused))
            {
                var parser = new ResponseHeadParser(Http1Limits.Default);
                Parse(parser, before, [before.Length], Behind);
                Assert.Equal(reason, Assert.Throws<InvalidResponseException>(() => Parse(parser, head, [head.Length], Behind)).Message);
            }
        }
    }

    [Fact]
    public void TryParse_OneLineOfAHeadChanges_OtherLinesKeepTheirStrings()
    {
        var parser = new ResponseHeadParser(Http1Limits.Default);
        Parse(parser, "HTTP/1.1 200 Fine\r\nX-A: a\r\nX-Time: 1\r\nX-Z: z\r\n\r\n");
        var (reason, before) = (parser.Head.Reason, parser.Head.Fields.ToArray());

        Assert.Equal(
            "1.1 200 'Fine' X-A:a X-Time:1000 X-Z:z", Parse(parser, "HTTP/1.1 200 Fine\r\nX-A: a\r\nX-Time: 1000\r\nX-Z: z\r\n\r\n"));

        Assert.Same(reason, parser.Head.Reason);
        Assert.Same(before[0].Value, parser.Head.Fields[0].Value);
        Assert.Same(before[1].Name, parser.Head.Fields[1].Name);
        Assert.Same(before[2].Name, parser.Head.Fields[2].Name);
        Assert.Same(before[2].Value, parser.Head.Fields[2].Value);
    }

    [Fact]
    public void TryParse_HeadsOfChangingLengths_AreAsTheyCame()
    {
        var parser = new ResponseHeadParser(Http1Limits.Default);
        string[] heads =
        [
            "HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n",
            "HTTP/1.1 201 OK\r\n\r\n",
            "HTTP/1.1 201 OK\r\nbb: 22\r\nb: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n",
        ];
        foreach (var head in heads.Concat(heads.Reverse()))
            Assert.Equal(Parse(new(Http1Limits.Default), head), Parse(parser, head));
    }

    [Fact]
    public void Reset_InTheMiddleOfAHead_LeavesNothingBehind()
    {
        const string Head = "HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n";
        const string Other = "HTTP/1.1 404 No\r\nContent-Length: 5\r\nbb: 2\r\nc: 3\r\nd: 4\r\n\r\n";
        for (var cut = 0; cut < Other.Length; cut++)
        {
            var parser = new ResponseHeadParser(Http1Limits.Default);
            Parse(parser, Head);
            parser.Reset();
            Assert.False(parser.TryParse(Bytes(Other[..cut]), out _));
            Assert.Equal("1.1 200 'OK' a:1 b:2 c:3", Parse(parser, Head));
        }
    }

    [Theory]
    [InlineData("Content-Type")]
    [InlineData("content-type")]
    [InlineData("Date")]
    [InlineData("set-cookie")]
    [InlineData("X-Powered-By")]
    public void TryParse_WellKnownName_IsOneStringForAllConnections(string name)
    {
        var (one, other) = (new ResponseHeadParser(Http1Limits.Default), new ResponseHeadParser(Http1Limits.Default));
        Parse(one, $"HTTP/1.1 200 OK\r\n{name}: x\r\n\r\n");
        Parse(other, $"HTTP/1.1 200 OK\r\nA: b\r\n{name}: y\r\n\r\n");
        Assert.Equal(name, one.Head.Fields[0].Name);
        Assert.Same(one.Head.Fields[0].Name, other.Head.Fields[1].Name);
    }

    [Fact]
    public void TryParse_HeadOfTheGreatestSize_IsAccepted()
    {
        var limits = new Http1Limits { MaxHeadBytes = 100 };
        var head = Sized(100);
        foreach (var ends in Splits.Of(head.Length))
            Assert.StartsWith("1.1 200 'OK' a:", Parse(new(limits), head, ends, Behind), StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_HeadAboveTheGreatestSize_IsRefusedWhenTheLimitIsReached()
    {
        var limits = new Http1Limits { MaxHeadBytes = 100 };
        foreach (var head in new[] { Sized(101), Sized(101)[..100], Sized(500), new string('x', 500).Insert(0, "HTTP/1.1 200 ") })
        {
            foreach (var ends in Splits.Of(head.Length))
                Assert.Equal("the head is larger than 100 bytes", Refusal(limits, head, ends, ""));
        }
    }

    [Fact]
    public void TryParse_AsManyFieldsAsMayBe_AreAccepted_OneMoreIsNot()
    {
        var limits = new Http1Limits { MaxFields = 3 };
        var line = "HTTP/1.1 200 OK\r\n";
        Assert.Equal("1.1 200 'OK' a:1 a:1 a:1", Parse(new(limits), line + "a: 1\r\na: 1\r\na: 1\r\n\r\n"));
        var head = line + "a: 1\r\na: 1\r\na: 1\r\na: 1\r\n";
        foreach (var ends in Splits.Of(head.Length))
            Assert.Equal("more than 3 fields", Refusal(limits, head, ends, ""));
    }

    [Fact]
    public void TryParse_HeadsLargerThanWhatIsRemembered_AreAsTheyCame()
    {
        var parser = new ResponseHeadParser(Http1Limits.Default);
        foreach (var size in new[] { 30_000, 100, 5000, 4090, 4096, 4100, 60_000, 65_536, 50 })
        {
            // Many lines, one long line, and a long status line.
            var many = string.Concat(
                Enumerable.Range(0, Math.Min(150, size / 20)).Select(i => $"X-{i}: {new string('v', size / 200)}\r\n"));
            foreach (var head in new[]
            {
                Sized(size),
                $"HTTP/1.1 200 OK\r\n{many}\r\n",
                $"HTTP/1.1 200 {new string('r', size - 40)}\r\na: b\r\n\r\n",
            })
            {
                var expected = Parse(new(Http1Limits.Default), head);
                Assert.Equal(expected, Parse(parser, head));
                Assert.Equal(expected, Parse(parser, head));
            }
        }
    }

    [Fact]
    public void TryParse_EqualHead_AllocatesNothing()
    {
        var parser = new ResponseHeadParser(Http1Limits.Default);
        var head = Bytes(
            "HTTP/1.1 200 OK\r\nServer: x\r\nX-Own: y\r\nContent-Length: 5\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n");
        for (var i = 0; i < 3; i++)
        {
            parser.Reset();
            Assert.True(parser.TryParse(head, out _));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            parser.Reset();
            _ = parser.TryParse(head, out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static string Sized(int bytes)
    {
        const string Start = "HTTP/1.1 200 OK\r\na: ";
        return Start + new string('v', bytes - Start.Length - 4) + "\r\n\r\n";
    }

    private static IEnumerable<(string Head, string Outcome)> Rows(TheoryData<string, string> data) =>
        data.Select(row => row.Data);

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static string Refusal(Http1Limits limits, string head, int[] ends, string behind) =>
        Assert.Throws<InvalidResponseException>(() => Parse(new(limits), head, ends, behind)).Message;

    private static string Parse(ResponseHeadParser parser, string head) => Parse(parser, head, [head.Length], "");

    // Feeds the head up to each of the ends, the last time with what comes behind it.
    private static string Parse(ResponseHeadParser parser, string head, int[] ends, string behind)
    {
        var bytes = Bytes(head + behind);
        parser.Reset();
        foreach (var end in ends.SkipLast(1))
        {
            Assert.False(parser.TryParse(bytes.AsSpan(0, end), out var none));
            Assert.Equal(0, none);
        }

        Assert.True(parser.TryParse(bytes, out var consumed));
        Assert.Equal(head.Length, consumed);
        return Show(parser.Head);
    }

    private static string Show(ResponseHead head)
    {
        var text = new StringBuilder($"1.{head.MinorVersion} {head.Status} '{head.Reason}'");
        if (head.IsInterim)
            text.Append(" interim");
        if (head.ContentLength is { } length)
            text.Append($" length={length}");
        if (head.IsChunked)
            text.Append(" chunked");
        if (head.HasClose)
            text.Append(" close");
        if (head.HasKeepAlive)
            text.Append(" keep-alive");
        if (head.HasUpgrade)
            text.Append(" upgrade");
        if (head.ConnectionNamed is { } named)
            text.Append($" named={string.Join(',', named)}");
        if (head.Upgrade is { } upgrade)
            text.Append($" to={upgrade}");
        if (head.KeepAliveSeconds is { } seconds)
            text.Append($" timeout={seconds}");
        foreach (var field in head.Fields)
            text.Append($" {field.Name}:{field.Value}");
        return text.ToString();
    }
}
