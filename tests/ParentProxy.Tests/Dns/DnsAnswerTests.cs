using ParentProxy.Dns;

namespace ParentProxy.Tests.Dns;

public sealed class DnsAnswerTests
{
    private static readonly byte[] Query = DnsBytes.Query("a.example");

    [Fact]
    public void Truncate_ToALimit_KeepsWholeRecordsAndOpt()
    {
        var answer = DnsBytes.Answer(
            Query, [.. Enumerable.Range(1, 100).Select(i => DnsBytes.Address($"192.0.2.{i}"))], [DnsBytes.Soa()], [DnsBytes.Opt()]);

        var cut = DnsBytes.Read(DnsAnswer.Truncate(answer, 512));

        // 512 - 27 of header and question - 11 of OPT, at 16 bytes each.
        Assert.Equal(29, DnsBytes.Addresses(cut).Count());
        Assert.Equal("192.0.2.1", DnsBytes.Addresses(cut).First());
        Assert.NotEqual(DnsFlags.None, cut.Flags & DnsFlags.Truncated);
        Assert.NotNull(cut.Opt);
        Assert.Equal(30, cut.Records.Length);
    }

    [Fact]
    public void Truncate_WhatFits_LeavesItAsItIs()
    {
        var answer = DnsBytes.Answer(Query, [DnsBytes.Address("192.0.2.1")]);

        Assert.Same(answer, DnsAnswer.Truncate(answer, answer.Length));
    }

    [Fact]
    public void Truncate_AdditionalAlone_DoesNotSayThatItWasCut()
    {
        var answer = DnsBytes.Answer(
            Query, [DnsBytes.Address("192.0.2.1")], additional: [.. Enumerable.Range(1, 50).Select(i => DnsBytes.Address($"192.0.2.{i}")), DnsBytes.Opt()]);

        var cut = DnsBytes.Read(DnsAnswer.Truncate(answer, 512));

        Assert.Equal(DnsFlags.None, cut.Flags & DnsFlags.Truncated);
        Assert.InRange(cut.Bytes.Length, 490, 512);
    }

    [Fact]
    public void Address_ToAnotherAsker_HasItsIdAndCase()
    {
        var answer = DnsBytes.Read(DnsBytes.Answer(Query, [DnsBytes.Address("192.0.2.1")]));
        var asker = DnsQuery.Read(DnsBytes.Query("A.EXAMPLE", id: 7))!;

        Assert.Equal(DnsBytes.Answer(asker.Bytes, [DnsBytes.Address("192.0.2.1")]), DnsAnswer.Address(answer, asker));
    }

    [Fact]
    public void Recall_Later_HasLessTimeToLive()
    {
        var answer = DnsBytes.Read(DnsBytes.Answer(
            DnsBytes.Query("a.example", opt: DnsBytes.Opt()),
            [DnsBytes.Address("192.0.2.1", 60), DnsBytes.Address("192.0.2.2", 5)],
            additional: [DnsBytes.Opt(1232, false, 0, DnsBytes.Option(10, 1, 2, 3, 4, 5, 6, 7, 8))]));
        var asker = DnsQuery.Read(DnsBytes.Query("A.example", id: 7))!;

        var recalled = DnsAnswer.Recall(answer, asker, age: 10, ttl: null, error: null);

        Assert.Equal(DnsBytes.Answer(asker.Bytes, [DnsBytes.Address("192.0.2.1", 50), DnsBytes.Address("192.0.2.2", 0)]), recalled);
    }

    [Fact]
    public void Recall_WithEdns_HasAnOptRecordOfOurs()
    {
        var answer = DnsBytes.Read(DnsBytes.Answer(Query, [DnsBytes.Address("192.0.2.1", 60)], flags: DnsFlags.Authoritative));
        var asker = DnsQuery.Read(DnsBytes.Query("a.example", opt: DnsBytes.Opt(4096, true)))!;

        var recalled = DnsBytes.Read(DnsAnswer.Recall(answer, asker, 0, ttl: 30, new ExtendedDnsError(3, "stale")));

        Assert.Equal([30u], recalled.Records.ToArray().Where(record => record.Type == DnsType.A).Select(record => record.Ttl));
        Assert.Equal((3, "stale"), DnsBytes.Error(recalled));
        Assert.Equal(DnsFlags.None, recalled.Flags & DnsFlags.Authoritative);
    }
}
