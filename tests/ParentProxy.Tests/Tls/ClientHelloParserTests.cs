using System.Text;
using ParentProxy.Tls;
using static ParentProxy.Tests.Tls.HelloBuilder;

namespace ParentProxy.Tests.Tls;

public sealed class ClientHelloParserTests
{
    private static readonly string LongName = $"{new string('a', 63)}.{new string('b', 63)}.a.example";

    public static TheoryData<string, string, int> Recorded => new()
    {
        { "curl", "a.example [h2 http/1.1]", 517 },
        { "wget", "a.example []", 517 },
        { "git", "a.example [h2 http/1.1]", 398 },
        { "gnutls-cli", "a.example []", 391 },
        { "openssl", "a.example []", 315 },
        { "openssl-address", "none []", 297 },
        { "openssl-alpn", "a.example [h2 http/1.1]", 333 },
        { "node", "a.example []", 367 },
        { "python", "a.example []", 517 },
        { "java-httpclient", "a.example [h2 http/1.1]", 476 },
        { "java-urlconnection", "a.example []", 458 },
        { "go", "a.example [h2 http/1.1]", 275 },
        { "dotnet", "a.example []", 286 },
        { "dotnet-http2", "a.example [h2]", 295 },
        { "dotnet-dot", "a.example []", 287 },
        { "chromium", "a.example [h2 http/1.1] encrypted", 1949 },
        { "chromium-long-name", $"{LongName} [h2 http/1.1] encrypted", 2141 },
    };

    public static TheoryData<string, byte[], string> Accepted => new()
    {
        { "no extensions at all", Record(Message(Body())), "none []" },
        { "an empty list of extensions", Hello(), "none []" },
        { "upper case", Hello(ServerName("A.eXample")), "a.example []" },
        { "the root's dot", Hello(ServerName("a.example.")), "a.example []" },
        { "one label, with an underscore", Hello(ServerName("my_db")), "my_db []" },
        { "an A-label", Hello(ServerName("xn--bcher-kva.example")), "xn--bcher-kva.example []" },
        { "digits only", Hello(ServerName("1")), "1 []" },
        { "an address", Hello(ServerName("127.0.0.1")), "127.0.0.1 []" },
        { "an IPv6 address", Hello(ServerName("2001:DB8::1")), "2001:db8::1 []" },
        { "the longest label", Hello(ServerName($"{new string('x', 63)}.example")), $"{new string('x', 63)}.example []" },
        { "the longest name", Hello(ServerName(NameOf(253) + ".")), $"{NameOf(253)} []" },
        {
            "protocols that nobody knows", Hello(Protocols("\x0a\x0a", "a b", "c\\d", "é", "ok")),
            @"none [\x0a\x0a a\x20b c\x5cd \xe9 ok]" },
        {
            "seventeen protocols", Hello(Protocols([.. Enumerable.Range(1, 17).Select(n => $"{n}")])),
            "none [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16]" },
        { "an encrypted hello", Hello(Extension(0xFE0D, [0, 1, 2, 3]), ServerName("a")), "a [] encrypted" },
        { "the inner hello, as a backend gets it", Hello(Extension(0xFE0D, [1])), "none []" },
        { "extensions that nobody knows, twice", Hello(Extension(0x0A0A), Extension(0x0A0A, [1]), ServerName("a")), "a []" },
        { "SSL 3 as the version of the record", Record(Message(Body()), minor: 0), "none []" },
        { "TLS 1.2 as the version of the record", Record(Message(Body()), minor: 3), "none []" },
        { "early data behind it", Join(Hello(ServerName("a")), [23, 3, 3, 0, 1, 0]), "a []" },
        { "something else behind it", Join(Hello(ServerName("a")), "GET / HTTP/1.1"u8.ToArray()), "a []" },
        { "as long as may be", Hello(ServerName("a"), Extension(21, new byte[ClientHelloParser.MaxHelloBytes - 63])), "a []" },
        { "the longest session id", Record(Message(Body(new byte[32], [0, 1], [0]))), "none []" },
    };

    public static TheoryData<byte[], string> NotTls => new()
    {
        { "GET / HTTP/1.1\r\n"u8.ToArray(), "the first byte is 0x47, TLS begins with 0x16" },
        { "\r\n"u8.ToArray(), "the first byte is 0x0D, TLS begins with 0x16" },
        { [0x80, 0x2E, 1, 3, 1], "the first byte is 0x80, TLS begins with 0x16" },
        { [21, 3, 1, 0, 2, 2, 40], "the first byte is 0x15, TLS begins with 0x16" },
        { [22, 2, 1], "the second byte is 0x02, in TLS it is 0x03" },
        { [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0], "the second byte is 0xFE, in TLS it is 0x03" },
    };

    public static TheoryData<byte[], string> Malformed => new()
    {
        { [22, 3, 1, 0, 0], "an empty record" },
        { [22, 3, 1, 0x40, 1], "a record of 16385 bytes, at most 16384 are allowed" },
        { Join(Records(Message(Body()), 3)[..8], Record([])), "an empty record" },
        { Join(Record([1, 0]), [21]), "a record of type 21 inside the ClientHello" },
        { Join(Record([1, 0]), [22, 4]), "a record of version 4.x inside the ClientHello" },
        { [22, 3, 1, 0, 9, 2], "the first handshake message is of type 2, a ClientHello of type 1" },
        { [22, 3, 1, 0, 9, 1, 0, 0x3F, 0xFD], "a ClientHello of 16385 bytes, at most 16384 are read" },
        { [22, 3, 1, 0, 9, 1, 0xFF, 0xFF, 0xFF], "a ClientHello of 16777219 bytes, at most 16384 are read" },
        { Record(Join(Message(Body()), [1])), "the record of the ClientHello goes on behind its end" },
        { Join(Records(Message(Body()), 9)[..14], Record(new byte[200])), "the record of the ClientHello goes on behind its end" },
        { Join([Record([1, 0, 0x3F, 0]), .. Enumerable.Repeat(Record([0]), 3500)]), "no whole ClientHello in the first 20480 bytes" },
        { Record(Message([])), "the ClientHello ends before its session id" },
        { Record(Message([3])), "the ClientHello ends before its session id" },
        { Record(Message(Body()[..33])), "the ClientHello ends before its session id" },
        { Record(Message(Join([2, 0], Body()[2..]))), "a ClientHello of version 2.0, in TLS it is 3.x" },
        { Record(Message(Body()[..34])), "the session id of the ClientHello is too long" },
        { Record(Message(Body(new byte[33], [0, 1], [0]))), "the session id of the ClientHello is too long" },
        { Record(Message(Body([0], [0, 1, 2], [0]))), "the list of cipher suites has an impossible length" },
        { Record(Message(Body([0], [], [0]))), "the list of cipher suites has an impossible length" },
        { Record(Message(Body([0], [0, 1], []))), "the list of compression methods has an impossible length" },
        { Record(Message(Body()[..^1])), "the list of compression methods has an impossible length" },
        { Record(Message(Body([0]))), "the extensions do not end where the ClientHello ends" },
        { Record(Message(Body([0, 0, 0]))), "the extensions do not end where the ClientHello ends" },
        { Record(Message(Body([0, 1]))), "the extensions do not end where the ClientHello ends" },
        { Record(Message(Body(Vector16([0, 5, 0])))), "an extension does not end where the extensions end" },
        { Record(Message(Body(Vector16([0, 5, 0, 1])))), "an extension does not end where the extensions end" },
        { Hello(ServerName("a"), ServerName("a")), "server_name is there twice" },
        { Hello(Protocols("h2"), Protocols("h2")), "application_layer_protocol_negotiation is there twice" },
        { Hello(Extension(0xFE0D, [0]), Extension(0xFE0D, [0])), "encrypted_client_hello is there twice" },
        { Hello(Extension(0)), "the list of server names has an impossible length" },
        { Hello(Extension(0, [0, 0])), "the list of server names has an impossible length" },
        { Hello(Extension(0, Vector16([0, 0, 1, (byte)'a']), [0])), "the list of server names has an impossible length" },
        { Hello(Extension(0, Vector16([0, 0, 2, (byte)'a']))), "the server name does not end where its list ends" },
        { Hello(Extension(0, Vector16([0, 0, 1, (byte)'a', 0, 0, 1, (byte)'b']))), "more than one server name" },
        { Hello(Extension(0, Vector16([1, 0, 1, (byte)'a', 0, 0, 1, (byte)'b']))), "more than one server name" },
        { Hello(Extension(0, Vector16([1, 0, 1, (byte)'a']))), "a server name of type 1, a host name is of type 0" },
        { Hello(ServerName("")), "the server name '' is empty" },
        { Hello(ServerName(".")), "the server name '.' is empty" },
        { Hello(ServerName("a\0b")), @"the server name 'a\x00b' has a character that no host name has" },
        { Hello(ServerName("a b")), @"the server name 'a\x20b' has a character that no host name has" },
        { Hello(ServerName("bücher.example")), @"the server name 'b\xfccher.example' has a character that no host name has" },
        { Hello(ServerName("*.example")), "the server name '*.example' has a character that no host name has" },
        { Hello(ServerName("a.example:443")), "the server name 'a.example:443' has a character that no host name has" },
        { Hello(ServerName("[::1]")), "the server name '[::1]' has a character that no host name has" },
        { Hello(ServerName("fe80::1%eth0")), "the server name 'fe80::1%eth0' has a character that no host name has" },
        { Hello(ServerName("a..example")), "the server name 'a..example' has a part that is empty or longer than 63 characters" },
        { Hello(ServerName("a.example..")), "the server name 'a.example..' has a part that is empty or longer than 63 characters" },
        { Hello(ServerName(".example")), "the server name '.example' has a part that is empty or longer than 63 characters" },
        {
            Hello(ServerName(new string('x', 64))),
            $"the server name '{new string('x', 64)}' has a part that is empty or longer than 63 characters" },
        { Hello(ServerName(NameOf(254))), $"the server name '{NameOf(254)[..64]}…' has 254 characters, at most 253 are allowed" },
        { Hello(Extension(16)), "the list of application protocols has an impossible length" },
        { Hello(Extension(16, [0, 0])), "the list of application protocols has an impossible length" },
        { Hello(Extension(16, Vector16([1, (byte)'a']), [0])), "the list of application protocols has an impossible length" },
        { Hello(Extension(16, Vector16([0]))), "an application protocol has an impossible length" },
        { Hello(Extension(16, Vector16([2, (byte)'a']))), "an application protocol has an impossible length" },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Parse_HelloOfARealClient_IsReadAtItsLastByte(string client, string expected, int length)
    {
        var bytes = RecordedHello.Of(client).Bytes;

        Assert.Equal(length, bytes.Length);
        for (var received = 0; received < length; received++)
            Assert.Equal("Incomplete", Read(bytes.AsSpan(0, received)));
        Assert.Equal(expected, Read(bytes));
    }

    [Fact]
    public void Recorded_EachClient_IsExpected() =>
        Assert.Equal(RecordedHello.All.Select(hello => hello.Client), Recorded.Select(row => row.Data.Item1));

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Parse_LegalHello_IsComplete(string what, byte[] bytes, string expected) =>
        Assert.Equal((what, expected), (what, Read(bytes)));

    [Theory]
    [MemberData(nameof(NotTls))]
    public void Parse_OtherProtocol_IsNotTls(byte[] bytes, string problem) => Assert.Equal($"NotTls: {problem}", Read(bytes));

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Parse_BrokenHello_IsMalformed(byte[] bytes, string problem) => Assert.Equal($"Malformed: {problem}", Read(bytes));

    [Fact]
    public void Parse_Nothing_IsIncomplete() => Assert.Equal("Incomplete", Read([]));

    [Theory]
    [MemberData(nameof(Accepted))]
    [MemberData(nameof(NotTlsWithName))]
    [MemberData(nameof(MalformedWithName))]
    public void Parse_MoreBytes_NeverChangeAnAnswer(string what, byte[] bytes, string expected)
    {
        var final = Enumerable.Range(0, bytes.Length + 1).Select(length => Read(bytes.AsSpan(0, length)))
            .SkipWhile(answer => answer == "Incomplete");

        Assert.Equal((what, expected), (what, Assert.Single(final.Distinct())));
    }

    public static TheoryData<string, byte[], string> NotTlsWithName() =>
        new(NotTls.Select(row => (row.Data.Item2, row.Data.Item1, $"NotTls: {row.Data.Item2}")));

    public static TheoryData<string, byte[], string> MalformedWithName() =>
        new(Malformed.Select(row => (row.Data.Item2, row.Data.Item1, $"Malformed: {row.Data.Item2}")));

    [Theory]
    [InlineData("go")]
    [InlineData("chromium")]
    public void Parse_TwoRecords_CutAtAnyByte_SaysTheSame(string client)
    {
        var whole = RecordedHello.Of(client).Bytes;
        var message = whole[5..];

        for (var cut = 1; cut < message.Length; cut++)
        {
            var bytes = Records(message, cut);
            Assert.Equal("Incomplete", Read(bytes.AsSpan(0, bytes.Length - 1)));
            Assert.Equal(Read(whole), Read(bytes));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public void Parse_ManyRecords_SayTheSame(int size)
    {
        var whole = RecordedHello.Of("chromium-long-name").Bytes;
        var message = whole[5..];
        var bytes = Records(message, [.. Enumerable.Range(1, (message.Length - 1) / size).Select(n => n * size)]);

        for (var received = 0; received < bytes.Length; received++)
            Assert.Equal("Incomplete", Read(bytes.AsSpan(0, received)));
        Assert.Equal(Read(whole), Read(bytes));
    }

    [Fact]
    public void Parse_LongestHelloInTheMostRecords_FitsTheRoomThatItAsksFor()
    {
        var message = Hello(ServerName("a"), Extension(21, new byte[ClientHelloParser.MaxHelloBytes - 63]))[5..];
        Assert.Equal(ClientHelloParser.MaxHelloBytes, message.Length);
        int[] ends = [.. Enumerable.Range(1, 818).Select(n => n * 20)];

        var bytes = Records(message, ends);

        Assert.InRange(bytes.Length, ClientHelloParser.MaxBytes - 5, ClientHelloParser.MaxBytes);
        Assert.Equal("a []", Read(bytes));
        Assert.Equal("Malformed: no whole ClientHello in the first 20480 bytes", Read(Records(message, [1, .. ends])));
    }

    /// <summary>Each byte in turn is made another: what comes out is the name that then is there, or a refusal.</summary>
    [Theory]
    [InlineData("curl")]
    [InlineData("git")]
    [InlineData("java-httpclient")]
    [InlineData("chromium")]
    public void Parse_OneByteChanged_NeverReadsANameThatIsNotThere(string client)
    {
        var original = RecordedHello.Of(client).Bytes;
        var name = original.AsSpan().IndexOf("a.example"u8);

        for (var at = 0; at < original.Length; at++)
        {
            foreach (var change in new byte[] { 0x01, 0x20, 0x80, 0xFF })
            {
                var bytes = original.ToArray();
                bytes[at] ^= change;
                var status = ClientHelloParser.Parse(bytes, out var hello, out _);

                Assert.Equal(status == ClientHelloStatus.Complete, hello is not null);
                if (hello?.ServerName is not { } read)
                    continue;
                Assert.Equal(Encoding.ASCII.GetString(bytes, name, 9).TrimEnd('.').ToLowerInvariant(), read);
            }
        }
    }

    /// <summary>Random bytes, and random changes of real hellos: an answer always, and a name only from those bytes.</summary>
    [Fact]
    public void Parse_RandomChanges_AlwaysAnswers()
    {
        var random = new Random(7);
        var answers = new HashSet<ClientHelloStatus>();
        for (var round = 0; round < 50_000; round++)
        {
            var source = RecordedHello.All[random.Next(RecordedHello.All.Count)].Bytes;
            var bytes = source[..random.Next(source.Length + 1)];
            for (var changes = random.Next(4); changes > 0 && bytes.Length > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            answers.Add(ClientHelloParser.Parse(bytes, out var hello, out _));

            if (hello?.ServerName is { } name)
                Assert.Contains(name, Encoding.Latin1.GetString(bytes).ToLowerInvariant(), StringComparison.Ordinal);
        }

        Assert.Equal(Enum.GetValues<ClientHelloStatus>().Order(), answers.Order());
    }

    [Fact]
    public void Parse_WhatIsIncomplete_AllocatesNothing()
    {
        var bytes = RecordedHello.Of("chromium").Bytes;
        ClientHelloParser.Parse(bytes.AsSpan(0, 1000), out _, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var length = 0; length < bytes.Length; length++)
            ClientHelloParser.Parse(bytes.AsSpan(0, length), out _, out _);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static string NameOf(int length) =>
        string.Join('.', Enumerable.Repeat(new string('n', 49), 5)) + "." + new string('n', length - 250);

    private static string Read(ReadOnlySpan<byte> bytes)
    {
        var status = ClientHelloParser.Parse(bytes, out var hello, out var problem);
        Assert.Equal(status == ClientHelloStatus.Complete, hello is not null);
        Assert.Equal(status is ClientHelloStatus.NotTls or ClientHelloStatus.Malformed, problem is not null);
        if (hello is null)
            return $"{status}{(problem is null ? "" : ": ")}{problem}";
        var protocols = string.Join(' ', hello.ApplicationProtocols);
        return $"{hello.ServerName ?? "none"} [{protocols}]{(hello.HasEncryptedHello ? " encrypted" : "")}";
    }
}
