using ParentProxy.Dns;

namespace ParentProxy.Tests.Dns;

public sealed class DnsMessageTests
{
    private static readonly byte[] Query = DnsBytes.Query("a.example");

    [Fact]
    public void Walk_EveryPartOfAMessage_IsIncomplete()
    {
        var bytes = DnsBytes.Answer(
            Query, [DnsBytes.Alias("b.example"), DnsBytes.Address("192.0.2.1")], [DnsBytes.Soa()], [DnsBytes.Opt(1232, false, 0, DnsBytes.Option(15, 0, 17))]);

        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(DnsWalk.Incomplete, DnsMessage.Walk(bytes.AsMemory(0, length), out _));
        Assert.Equal(DnsWalk.Complete, DnsMessage.Walk((byte[])[.. bytes, 1, 2, 3], out var message));
        Assert.Equal(bytes, message!.Bytes.ToArray());
        Assert.Equal([DnsType.Cname, DnsType.A, DnsType.Soa, DnsType.Opt], message.Records.ToArray().Select(record => record.Type));
        Assert.Equal("b.example", message.NameIn(message.Records[0]));
        Assert.Equal("a.example", message.NameOf(message.Records[1]));
    }

    [Fact]
    public void Read_WithSomethingBehind_IsRefused()
    {
        Assert.True(DnsMessage.TryRead(Query, out _));
        Assert.False(DnsMessage.TryRead((byte[])[.. Query, 0], out _));
    }

    [Fact]
    public void NameIn_ReachesOutOfItsRecord_IsNone()
    {
        var message = DnsBytes.Read(DnsBytes.Answer(Query, [DnsBytes.Record(DnsBytes.Asked, DnsType.Cname, 1, [5, 97]), DnsBytes.Address("192.0.2.1")]));

        Assert.Null(message.NameIn(message.Records[0]));
    }

    [Fact]
    public void ResponseCode_ExtendedByOpt_HasBothParts()
    {
        var opt = DnsBytes.Opt();
        opt[5] = 1;

        Assert.Equal(DnsResponseCode.BadVers, DnsBytes.Read(DnsBytes.Answer(Query, additional: [opt])).ResponseCode);
    }

    [Fact]
    public void Lifetime_IsTheLeastOfTheRecords()
    {
        Assert.Equal(30u, Lifetime([DnsBytes.Alias("b.example", 300), DnsBytes.Address("192.0.2.1", 30)]));
        Assert.Equal(20u, Lifetime([DnsBytes.Address("192.0.2.1", 30)], additional: [DnsBytes.Address("192.0.2.2", 20), DnsBytes.Opt()]));
        Assert.Equal(0u, Lifetime([DnsBytes.Address("192.0.2.1", 0x8000_0001)]));
    }

    [Theory]
    [InlineData((int)DnsResponseCode.NxDomain)]
    [InlineData((int)DnsResponseCode.NoError)]
    public void Lifetime_OfNothing_IsAsTheSoaSays(int code)
    {
        Assert.Equal(60u, Lifetime([], DnsBytes.Soa(300, 60), (DnsResponseCode)code));
        Assert.Equal(50u, Lifetime([], DnsBytes.Soa(50, 60), (DnsResponseCode)code));
        Assert.Equal(10u, Lifetime([DnsBytes.Alias("b.example", 10)], DnsBytes.Soa(50, 60), (DnsResponseCode)code));
        Assert.Null(Lifetime([], null, (DnsResponseCode)code));
        Assert.Null(Lifetime([DnsBytes.Alias("b.example", 10)], null, (DnsResponseCode)code));
    }

    [Theory]
    [InlineData((int)DnsResponseCode.ServFail)]
    [InlineData((int)DnsResponseCode.Refused)]
    public void Lifetime_OfAFailure_IsNone(int code) =>
        Assert.Null(Lifetime([DnsBytes.Address("192.0.2.1", 30)], DnsBytes.Soa(), (DnsResponseCode)code));

    [Fact]
    public void Lifetime_OfWhatIsCut_IsNone() =>
        Assert.Null(DnsBytes.Read(DnsBytes.Answer(Query, [DnsBytes.Address("192.0.2.1")], flags: DnsFlags.Truncated)).Lifetime);

    [Fact]
    public void Read_MutatedAtRandom_ReadsOrRefuses()
    {
        var random = new Random(20261129);
        var bytes = DnsBytes.Answer(
            DnsBytes.Query("a.example", opt: DnsBytes.Opt()),
            [DnsBytes.Alias("b.example"), DnsBytes.Address("192.0.2.1", 60, DnsBytes.Name("b.example"))],
            [DnsBytes.Soa()],
            [DnsBytes.Opt(1232, false, 0, DnsBytes.Option(15, 0, 17))]);
        var read = 0;
        for (var i = 0; i < 20_000; i++)
        {
            byte[] mutated = [.. bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length)];
            for (var changes = random.Next(1, 4); changes > 0 && mutated.Length > 0; changes--)
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);

            if (DnsQuery.Read(mutated) is { } query)
                Assert.NotNull(DnsQuery.Read(mutated)!.Answer(query.Problem));
            Assert.InRange(DnsAnswer.Truncate(mutated, 60).Length, 0, bytes.Length);
            if (!DnsMessage.TryRead(mutated, out var message))
                continue;
            read++;
            _ = message.Lifetime;
            foreach (var record in message.Records)
            {
                Assert.NotEmpty(message.NameOf(record));
                _ = message.NameIn(record);
            }
        }

        Assert.InRange(read, 1000, 19_000);
    }

    private static uint? Lifetime(
        byte[][] answers, byte[]? soa = null, DnsResponseCode code = DnsResponseCode.NoError, byte[][]? additional = null) =>
        DnsBytes.Read(DnsBytes.Answer(Query, answers, soa is null ? null : [soa], additional, code)).Lifetime;
}
