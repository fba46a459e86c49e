using ParentProxy.Dns;

namespace ParentProxy.Tests.Dns;

public sealed class DnsQueryTests
{
    [Fact]
    public void Read_AQuestionOfDig_HasAllThatItSays()
    {
        // dig 9.18 with its cookie.
        var query = DnsQuery.Read(DnsBytes.Query(
            "wWw.Example", DnsType.Aaaa, opt: DnsBytes.Opt(1232, true, 0, DnsBytes.Option(10, 1, 2, 3, 4, 5, 6, 7, 8))))!;

        Assert.Equal(DnsResponseCode.NoError, query.Problem);
        Assert.Equal(("www.example", DnsType.Aaaa, DnsClass.In), (query.Name, query.Type, query.Class));
        Assert.Equal((true, 1232, true, true), (query.HasOpt, query.UdpBytes, query.WantsDnssec, query.IsOrdinary));
    }

    [Fact]
    public void Read_WithoutOpt_TakesAPlainAnswer()
    {
        var query = DnsQuery.Read(DnsBytes.Query("a.example"))!;

        Assert.Equal((false, 512, false), (query.HasOpt, query.UdpBytes, query.WantsDnssec));
    }

    [Fact]
    public void Read_SmallUdpSize_Takes512() =>
        Assert.Equal(512, DnsQuery.Read(DnsBytes.Query("a.example", opt: DnsBytes.Opt(100)))!.UdpBytes);

    [Fact]
    public void Read_WithClientSubnet_IsNotOrdinary() => Assert.False(
        DnsQuery.Read(DnsBytes.Query("a.example", opt: DnsBytes.Opt(1232, false, 0, DnsBytes.Option(8, 0, 1, 24, 0, 192, 0, 2))))!.IsOrdinary);

    [Fact]
    public void Read_WhatIsNoQuestion_IsNotAnswered()
    {
        Assert.Null(DnsQuery.Read(DnsBytes.Query("a.example", flags: DnsFlags.Response)));
        Assert.Null(DnsQuery.Read(DnsBytes.Query("a.example").AsMemory(0, 11)));
    }

    [Fact]
    public void Read_WhatCannotBeUnderstood_SaysHowItIsAnswered()
    {
        var good = DnsBytes.Query("a.example");
        byte[] two = [.. good, .. DnsBytes.Name("b.example"), 0, 1, 0, 1];
        two[5] = 2;
        byte[] none = [.. good.AsSpan(0, 12)];
        none[5] = 0;
        byte[] withAnswer = [.. good, .. DnsBytes.Address("192.0.2.1")];
        withAnswer[7] = 1;
        byte[] twoOpts = [.. DnsBytes.Query("a.example", opt: DnsBytes.Opt()), .. DnsBytes.Opt()];
        twoOpts[11] = 2;

        Assert.Equal(DnsResponseCode.FormErr, Problem(two));
        Assert.Equal(DnsResponseCode.FormErr, Problem(none));
        Assert.Equal(DnsResponseCode.FormErr, Problem(withAnswer));
        Assert.Equal(DnsResponseCode.FormErr, Problem(twoOpts));
        Assert.Equal(DnsResponseCode.FormErr, Problem([.. good, 0]));
        Assert.Equal(DnsResponseCode.FormErr, Problem(good[..^1]));
        Assert.Equal(DnsResponseCode.FormErr, Problem(DnsBytes.Query("a.example", opt: DnsBytes.Opt(1232, false, 0, 0, 10, 0, 9, 1))));
        Assert.Equal(DnsResponseCode.NotImp, Problem(DnsBytes.Query("a.example", flags: (DnsFlags)0x2000)));
        Assert.Equal(DnsResponseCode.BadVers, Problem(DnsBytes.Query("a.example", opt: DnsBytes.Opt(version: 1))));

        static DnsResponseCode Problem(byte[] bytes) => DnsQuery.Read(bytes)!.Problem;
    }

    [Theory]
    [InlineData(7, 1)] // Answers.
    [InlineData(9, 2)] // Authority; one is what IXFR has.
    [InlineData(11, 3)] // Additional; two are OPT and TSIG.
    public void Read_MoreRecordsThanAQuestionHas_IsFormErr(int at, byte count)
    {
        // A transfer: of one whose counts are in order this code says that it is refused.
        byte[] record = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0];
        byte[] few = [.. DnsBytes.Query("a.example", 251), .. Enumerable.Repeat(record, count - 1).SelectMany(bytes => bytes)];
        few[at] = (byte)(count - 1);
        byte[] many = [.. few, .. record];
        many[at] = count;

        Assert.Equal(count == 1 ? DnsResponseCode.NoError : DnsResponseCode.Refused, DnsQuery.Read(few)!.Problem);
        Assert.Equal(DnsResponseCode.FormErr, DnsQuery.Read(many)!.Problem);
    }

    [Theory]
    [InlineData((int)DnsResponseCode.FormErr)]
    [InlineData((int)DnsResponseCode.NxDomain)]
    [InlineData((int)DnsResponseCode.BadVers)]
    public void Answer_EchoesIdBitsAndQuestionAsAsked(int code)
    {
        var query = DnsBytes.Query(
            "A.eXample", id: 0xBEEF, flags: DnsFlags.RecursionDesired | DnsFlags.CheckingDisabled | DnsFlags.AuthenticData, opt: DnsBytes.Opt(4096, true));

        var answer = DnsBytes.Read(DnsQuery.Read(query)!.Answer((DnsResponseCode)code, new ExtendedDnsError(17, "not allowed")));

        Assert.Equal(0xBEEF, answer.Id);
        Assert.Equal((DnsResponseCode)code, answer.ResponseCode);
        const DnsFlags expected = DnsFlags.Response | DnsFlags.RecursionDesired | DnsFlags.RecursionAvailable | DnsFlags.CheckingDisabled;
        Assert.Equal(expected, answer.Flags & ~DnsFlags.ResponseCode);
        Assert.Equal(query[12..(12 + 11 + 4)], answer.Bytes[12..answer.QuestionEnd].ToArray());
        Assert.Equal((17, "not allowed"), DnsBytes.Error(answer));
        Assert.Equal(0x8000u, answer.Opt!.Value.Ttl & 0xFFFF);
    }

    [Fact]
    public void Answer_WithoutEdns_HasNoRecords()
    {
        var answer = DnsBytes.Read(DnsQuery.Read(DnsBytes.Query("a.example"))!.Answer(DnsResponseCode.NxDomain, new ExtendedDnsError(17, "x")));

        Assert.Equal((1, 0), (answer.Questions, answer.Records.Length));
    }

    [Fact]
    public void Answer_ToAHeaderAlone_HasNoQuestion()
    {
        var answer = DnsBytes.Read(DnsQuery.Read(DnsBytes.Query("a.example").AsMemory(0, 12))!.Answer(DnsResponseCode.FormErr));

        Assert.Equal((0, DnsResponseCode.FormErr, 12), (answer.Questions, answer.ResponseCode, answer.Bytes.Length));
    }

    [Fact]
    public void AnswerAny_SaysRfc8482()
    {
        var answer = DnsBytes.Read(DnsQuery.Read(DnsBytes.Query("a.example", DnsType.Any, opt: DnsBytes.Opt()))!.AnswerAny());

        Assert.Equal([DnsType.Hinfo, DnsType.Opt], answer.Records.ToArray().Select(record => record.Type));
        Assert.Equal("\u0007RFC8482\0"u8.ToArray(), answer.DataOf(answer.Records[0]).ToArray());
        Assert.Equal("a.example", answer.NameOf(answer.Records[0]));
    }

    [Fact]
    public void For_AName_AsksRecursively()
    {
        var query = DnsQuery.For("A.example", DnsType.Aaaa)!;

        Assert.Equal(DnsBytes.Query("A.example", DnsType.Aaaa, id: 0), query.Bytes.ToArray());
        Assert.Null(DnsQuery.For("a..b", DnsType.A));
    }

    [Fact]
    public void IsAnsweredBy_LooksAtTheQuestionInAnyCase()
    {
        var query = DnsQuery.Read(DnsBytes.Query("a.example"))!;

        Assert.True(query.IsAnsweredBy(DnsBytes.Read(DnsBytes.Answer(DnsBytes.Query("A.EXAMPLE", id: 9)))));
        Assert.False(query.IsAnsweredBy(DnsBytes.Read(DnsBytes.Answer(DnsBytes.Query("b.example")))));
        Assert.False(query.IsAnsweredBy(DnsBytes.Read(DnsBytes.Answer(DnsBytes.Query("a.example", DnsType.Aaaa)))));
        Assert.False(query.IsAnsweredBy(DnsBytes.Read(DnsBytes.Answer(DnsBytes.Query("a.example", cls: 3)))));
        Assert.False(query.IsAnsweredBy(DnsBytes.Read(DnsBytes.Query("a.example"))));
    }
}
