using System.Net;
using ParentProxy.Configuration;
using ParentProxy.Egress;
using ParentProxy.Egress.Policy;
using ParentProxy.Endpoints;

namespace ParentProxy.Tests.Egress.Policy;

/// <summary>What which enclave may reach, by name, by address, and by the address that a name leads to.</summary>
public sealed class EgressPolicyTests
{
    private const string Own = "172.31.5.6";

    private static readonly EgressPeer Peer = new(16, "0", "proof-server");

    [Theory]
    [InlineData("api.example.com:443", "api.example.com:443")]
    [InlineData("API.Example.COM.:443", "api.example.com:443")]
    [InlineData("api.example.com:443", "API.EXAMPLE.COM.:443")]
    [InlineData("bücher.example:443", "xn--bcher-kva.example:443")]
    [InlineData("XN--BCHER-KVA.example:443", "BÜCHER.example:443")]
    [InlineData("kms.amazonaws.com:443", "*.amazonaws.com:443")]
    [InlineData("kms.us-east-1.amazonaws.com:443", "*.amazonaws.com:443")]
    [InlineData("anything.example:443", "*:443")]
    [InlineData("api.example.com:8443", "api.example.com:*")]
    [InlineData("api.example.com:1", "*:*")]
    [InlineData("198.41.0.4:443", "198.41.0.4:443")]
    [InlineData("198.41.0.4:443", "198.41.0.0/24:443")]
    [InlineData("198.41.4:443", "198.41.0.4:443")]
    [InlineData("0xc6290004:443", "198.41.0.4:*")]
    [InlineData("198.41.0.4:443", "0.0.0.0/0:443")]
    [InlineData("[::ffff:198.41.0.4]:443", "198.41.0.4:443")]
    [InlineData("198.41.0.4:443", "[::ffff:198.41.0.4]:443")]
    [InlineData("198.41.0.4:443", "[::ffff:198.41.0.0]/120:443")]
    [InlineData("[2606:4700::1]:443", "[2606:4700::]/32:443")]
    [InlineData("[2606:4700:0:0::1]:443", "[2606:4700::1]:443")]
    [InlineData("[64:ff9b::198.41.0.4]:443", "198.41.0.4:443")]
    [InlineData("10.1.2.3:5432", "10.1.2.3:5432")]
    [InlineData("10.1.2.3:5432", "10.0.0.0/8:*")]
    [InlineData("[::ffff:10.1.2.3]:5432", "10.1.2.3:5432")]
    [InlineData("127.0.0.1:80", "127.0.0.1:80")]
    [InlineData("127.0.0.1:80", "127.0.0.0/8:80")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("169.254.169.254:80", "169.254.169.254:80")]
    [InlineData("[fd00:ec2::254]:80", "[fd00:ec2::254]:80")]
    [InlineData("172.31.5.6:80", "172.31.5.6:80")]
    public void Judge_NamedByARule_IsAllowedByIt(string asked, string host)
    {
        var verdict = Judge(Allow(host), asked);

        AssertAllowed("Egress:Allow:0", verdict);
    }

    [Theory]
    [InlineData("api.example.com:443", "example.com:443")]
    [InlineData("example.com:443", "*.example.com:443")]
    [InlineData("notexample.com:443", "*.example.com:443")]
    [InlineData("example.com.evil.example:443", "*.example.com:443")]
    [InlineData("api.example.com:443", "api.example.com:80")]
    [InlineData("api.example.com:80", "*:443")]
    [InlineData("198.41.0.4:443", "*:443")]
    [InlineData("[2606:4700::1]:443", "*:443")]
    [InlineData("api.example.com:443", "0.0.0.0/0:443")]
    [InlineData("198.41.0.4:443", "198.41.0.5:443")]
    [InlineData("198.41.0.4:443", "198.41.0.4:80")]
    [InlineData("198.41.0.4:443", "[::]/0:443")]
    [InlineData("[2606:4700::1]:443", "0.0.0.0/0:443")]
    // A wide network means the public addresses in it.
    [InlineData("10.1.2.3:80", "0.0.0.0/0:80")]
    [InlineData("10.1.2.3:80", "8.0.0.0/5:80")]
    [InlineData("127.0.0.1:80", "0.0.0.0/0:80")]
    [InlineData("0.0.0.0:80", "0.0.0.0/0:80")]
    [InlineData("0:80", "0.0.0.0/8:80")]
    [InlineData("169.254.169.254:80", "0.0.0.0/0:80")]
    [InlineData("169.254.169.254:80", "169.254.0.0/16:80")]
    [InlineData("[fd00:ec2::254]:80", "[fd00::]/8:80")]
    [InlineData("[fd00:ec2::23]:80", "[fc00::]/7:80")]
    [InlineData("[::1]:80", "[::]/0:80")]
    [InlineData("[fe80::1]:80", "[::]/0:80")]
    [InlineData("172.31.5.6:80", "172.16.0.0/12:80")]
    [InlineData("172.31.5.6:80", "172.31.5.0/24:80")]
    // Every notation of 127.0.0.1 and of the instance's metadata.
    [InlineData("127.1:80", "0.0.0.0/0:80")]
    [InlineData("0x7f000001:80", "0.0.0.0/0:80")]
    [InlineData("017700000001:80", "0.0.0.0/0:80")]
    [InlineData("2130706433:80", "0.0.0.0/0:80")]
    [InlineData("127.0.0.1.:80", "0.0.0.0/0:80")]
    [InlineData("[::ffff:127.0.0.1]:80", "[::]/0:80")]
    [InlineData("[::127.0.0.1]:80", "[::]/0:80")]
    [InlineData("[::ffff:0:127.0.0.1]:80", "[::]/0:80")]
    [InlineData("[64:ff9b::127.0.0.1]:80", "[::]/0:80")]
    [InlineData("[64:ff9b:1::127.0.0.1]:80", "[::]/0:80")]
    [InlineData("[64:ff9b:1:7f00:0:100::]:80", "[::]/0:80")]
    [InlineData("[2002:7f00:1::]:80", "[::]/0:80")]
    [InlineData("[2001:0:c629:4::80ff:fffe]:80", "[::]/0:80")]
    [InlineData("0xa9fea9fe:80", "0.0.0.0/0:80")]
    [InlineData("0251.0376.0251.0376:80", "0.0.0.0/0:80")]
    [InlineData("2852039166:80", "0.0.0.0/0:80")]
    [InlineData("169.254.43518:80", "0.0.0.0/0:80")]
    [InlineData("[::ffff:a9fe:a9fe]:80", "[::]/0:80")]
    [InlineData("[64:ff9b::a9fe:a9fe]:80", "[::]/0:80")]
    [InlineData("[2002:a9fe:a9fe::1]:80", "[::]/0:80")]
    [InlineData("[64:ff9b::a9fe:a9fe]:80", "[64:ff9b::]/96:80")]
    public void Judge_NamedByNoRule_IsRefusedAndSaysWhatToAdd(string asked, string host)
    {
        var verdict = Judge(Allow(host), asked);

        Assert.Equal((false, true), (verdict.IsAllowed, verdict.Rule is null));
        Assert.StartsWith("no rule of Egress:Allow for proof-server (CID 16) names ", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains("to the Hosts of one", verdict.Reason, StringComparison.Ordinal);

        // And what it says helps.
        var hint = verdict.Reason!.Split('"')[1];
        Assert.True(Judge(Allow(hint), asked).IsAllowed, hint);
    }

    [Theory]
    [InlineData("127.0.0.1", "loopback")]
    [InlineData("127.255.0.1", "loopback")]
    [InlineData("::1", "loopback")]
    [InlineData("0.0.0.0", "unspecified")]
    [InlineData("::", "unspecified")]
    [InlineData("0.1.2.3", "reserved (this network)")]
    [InlineData("10.1.2.3", "private")]
    [InlineData("172.16.0.1", "private")]
    [InlineData("172.31.255.255", "private")]
    [InlineData("192.168.1.1", "private")]
    [InlineData("fc00::1", "private (unique local)")]
    [InlineData("fd12:3456::1", "private (unique local)")]
    [InlineData("100.64.0.1", "shared address space (carrier-grade NAT)")]
    [InlineData("100.127.255.255", "shared address space (carrier-grade NAT)")]
    [InlineData("169.254.1.1", "link-local")]
    [InlineData("169.254.170.2", "link-local")]
    [InlineData("169.254.169.254", "link-local (instance metadata)")]
    [InlineData("fd00:ec2::254", "unique local (instance metadata)")]
    [InlineData("fd00:ec2::253", "unique local (services of the instance)")]
    [InlineData("fe80::1", "link-local")]
    [InlineData("febf::1", "link-local")]
    [InlineData("fec0::1", "site-local")]
    [InlineData("224.0.0.1", "multicast")]
    [InlineData("239.255.255.250", "multicast")]
    [InlineData("ff02::1", "multicast")]
    [InlineData("255.255.255.255", "broadcast")]
    [InlineData("240.0.0.1", "reserved")]
    [InlineData("192.0.0.8", "reserved (protocol assignments)")]
    [InlineData("192.0.2.1", "documentation")]
    [InlineData("198.51.100.1", "documentation")]
    [InlineData("203.0.113.1", "documentation")]
    [InlineData("2001:db8::1", "documentation")]
    [InlineData("3fff::1", "documentation")]
    [InlineData("198.18.0.1", "benchmarking")]
    [InlineData("198.19.255.255", "benchmarking")]
    [InlineData("192.88.99.1", "reserved (6to4 relays)")]
    [InlineData("2001:2::1", "reserved (protocol assignments)")]
    [InlineData("100::1", "reserved")]
    [InlineData("5f00::1", "reserved")]
    [InlineData("9000::1", "reserved")]
    [InlineData("64:ff9b:1::1", "NAT64 (local use)")]
    [InlineData("172.31.5.6", "private")]
    [InlineData("::ffff:127.0.0.1", "loopback")]
    [InlineData("::ffff:169.254.169.254", "link-local (instance metadata)")]
    [InlineData("::169.254.169.254", "link-local (instance metadata)")]
    [InlineData("::ffff:0:10.0.0.1", "private")]
    [InlineData("64:ff9b::10.0.0.1", "private")]
    [InlineData("64:ff9b::169.254.169.254", "link-local (instance metadata)")]
    [InlineData("64:ff9b::172.31.5.6", "private")]
    [InlineData("2002:a9fe:a9fe::", "link-local (instance metadata)")]
    [InlineData("2002:0a00:0001::1", "private")]
    [InlineData("2001:0:102:304::f5ff:fffe", "private")]
    [InlineData("fe80::1%2", "link-local")]
    public void JudgeResolved_SpecialAddress_NeedsARuleForIt(string address, string kind)
    {
        var policy = Allow("api.example.com:443", "*:443", "0.0.0.0/0:*", "[::]/0:*");

        var verdict = Resolve(policy, "api.example.com:443", address);

        Assert.False(verdict.IsAllowed);
        Assert.Null(verdict.Rule);
        Assert.Contains($", which is {kind}, to which api.example.com:443 leads", verdict.Reason, StringComparison.Ordinal);
        var hint = verdict.Reason!.Split('"')[1];
        var opened = Resolve(Allow("api.example.com:443", hint), "api.example.com:443", address);
        AssertAllowed("Egress:Allow:0", opened);
        Assert.False(Resolve(Allow("api.example.com:*", hint), "api.example.com:80", address).IsAllowed);
    }

    [Theory]
    [InlineData("198.41.0.4")]
    [InlineData("1.0.0.1")]
    [InlineData("172.15.0.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.1")]
    [InlineData("198.17.0.1")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700::1111")]
    [InlineData("2a05:d018::1")]
    [InlineData("::ffff:198.41.0.4")]
    [InlineData("64:ff9b::198.41.0.4")]
    public void JudgeResolved_PublicAddress_IsAllowedWithTheName(string address) =>
        AssertAllowed("Egress:Allow:0", Resolve(Allow("api.example.com:443"), "api.example.com:443", address));

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.16.0.1", true)]
    [InlineData("192.168.0.1", true)]
    [InlineData("fd12::1", true)]
    [InlineData("64:ff9b::10.1.2.3", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData(Own, false)]
    [InlineData("::ffff:127.0.0.1", false)]
    public void JudgeResolved_PrivateNetworksOpened_OpensThemAlone(string address, bool isAllowed)
    {
        var policy = Policy(new EgressOptions { Allow = [Rule("Egress:Allow:0", "*:443")], DenyPrivateNetworks = false });

        Assert.Equal(isAllowed, Resolve(policy, "api.example.com:443", address).IsAllowed);
    }

    [Fact]
    public void JudgeResolved_PrivateAddress_NamesTheSettingThatOpensAll()
    {
        Assert.Equal(
            "no rule of Egress:Allow for proof-server (CID 16) names the address 10.1.2.3, which is private, "
                + "to which db.example:5432 leads; add \"10.1.2.3:5432\" to the Hosts of one; or set Egress:DenyPrivateNetworks to false",
            Resolve(Allow("db.example:5432"), "db.example:5432", "10.1.2.3").ForOperator);
        Assert.Null(Resolve(Allow("db.example:5432"), "db.example:5432", "127.0.0.1").Note);
    }

    [Fact]
    public void Judge_OwnAddress_IsToldToTheOperatorAlone()
    {
        foreach (var verdict in new[] { Judge(Allow("*:443"), $"{Own}:443"), Resolve(Allow("db.example:443"), "db.example:443", Own) })
        {
            Assert.EndsWith(" (it is an address of this machine)", verdict.ForOperator, StringComparison.Ordinal);
            Assert.DoesNotContain("machine", verdict.Reason, StringComparison.Ordinal);
            Assert.Contains($"the address {Own}, which is private, ", verdict.Reason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("api.example.com:443", "api.example.com:443")]
    [InlineData("API.EXAMPLE.COM.:443", "api.example.com:*")]
    [InlineData("api.example.com:443", "*.example.com:443")]
    [InlineData("api.example.com:443", "*:443")]
    [InlineData("bücher.example:443", "xn--bcher-kva.example:443")]
    [InlineData("198.41.0.4:443", "198.41.0.0/16:443")]
    [InlineData("0xc6290004:443", "198.41.0.4:443")]
    [InlineData("[::ffff:198.41.0.4]:443", "198.41.0.4:443")]
    [InlineData("[64:ff9b::198.41.0.4]:443", "198.41.0.4:443")]
    [InlineData("[64:ff9b::198.41.0.4]:443", "[64:ff9b::]/96:443")]
    [InlineData("[2002:c629:4::1]:443", "198.41.0.4:443")]
    public void Judge_Denied_IsRefusedWhateverAllows(string asked, string host)
    {
        var policy = Policy(new EgressOptions
        {
            Allow =
            [
                Rule("Egress:Allow:0", "*:*", "api.example.com:443", "bücher.example:443", "0.0.0.0/0:*", "[::]/0:*", "198.41.0.4:443"),
            ],
            Deny = [Rule("Egress:Deny:0", host)],
        });

        var verdict = Judge(policy, asked);

        Assert.Equal((false, "Egress:Deny:0"), (verdict.IsAllowed, verdict.Rule?.Location));
        Assert.Contains($"by \"{host}\"", verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("198.41.0.4")]
    [InlineData("::ffff:198.41.0.4")]
    [InlineData("64:ff9b::198.41.0.4")]
    [InlineData("2002:c629:4::")]
    public void JudgeResolved_DeniedAddress_IsRefused(string address)
    {
        var policy = Policy(new EgressOptions
        {
            Allow = [Rule("Egress:Allow:0", "*:443")],
            Deny = [Rule("Egress:Deny:0", "198.41.0.0/16:443")],
        });

        var verdict = Resolve(policy, "api.example.com:443", address);

        Assert.Equal((false, "Egress:Deny:0"), (verdict.IsAllowed, verdict.Rule?.Location));
        Assert.StartsWith("Egress:Deny:0 refuses api.example.com:443, which leads to ", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_DenyOfAnotherPort_LeavesTheRest()
    {
        var policy = Policy(new EgressOptions { Allow = [Rule("Egress:Allow:0", "*:*")], Deny = [Rule("Egress:Deny:0", "*:25")] });

        Assert.False(Judge(policy, "mail.example:25").IsAllowed);
        Assert.True(Judge(policy, "mail.example:443").IsAllowed);
    }

    [Theory]
    [InlineData(new uint[] { 16 }, null, true)]
    [InlineData(new uint[] { 17, 16 }, null, true)]
    [InlineData(new uint[] { 17 }, null, false)]
    [InlineData(null, "proof-server", true)]
    [InlineData(null, "PROOF*", true)]
    [InlineData(null, "0", true)]
    [InlineData(null, "other", false)]
    [InlineData(new uint[] { 16 }, "proof-*", true)]
    [InlineData(new uint[] { 16 }, "other", false)]
    [InlineData(new uint[] { 17 }, "proof-*", false)]
    public void Judge_RuleForSomeEnclaves_HoldsForThese(uint[]? cids, string? enclave, bool isAllowed)
    {
        var rule = Rule("Egress:Allow:0", "a.example:443") with { Cids = cids, Enclaves = enclave is null ? null : [enclave] };

        Assert.Equal(isAllowed, Judge(Policy(new EgressOptions { Allow = [rule] }), "a.example:443").IsAllowed);
    }

    [Theory]
    [InlineData(new uint[] { 16 }, null)]
    [InlineData(null, "*")]
    [InlineData(new uint[] { 16 }, "*")]
    public void Judge_PeerThatNobodyKnows_IsInNoRuleForSome(uint[]? cids, string? enclave)
    {
        var rule = Rule("Egress:Allow:0", "a.example:443") with { Cids = cids, Enclaves = enclave is null ? null : [enclave] };
        var policy = Policy(new EgressOptions { Allow = [rule] });

        var verdict = policy.Judge(new EgressPeer(null, null, null), Destination("a.example:443"));

        Assert.False(verdict.IsAllowed);
        Assert.Equal(
            "no rule of Egress:Allow for a local process names a.example:443; add \"a.example:443\" to the Hosts of one", verdict.Reason);
    }

    [Theory]
    [InlineData("a.example:443", null)]
    [InlineData("b.example:443", null)]
    [InlineData("10.1.2.3:443", null)]
    [InlineData("c.example:443", "10.1.2.3")]
    [InlineData("c.example:443", "169.254.169.254")]
    public void Judge_WhatAnotherEnclaveMay_IsNoBusinessOfThisOne(string asked, string? address)
    {
        var own = Rule("Egress:Allow:0", "c.example:443", "0.0.0.0/0:443", "b.example:80");
        var others = Rule("Egress:Allow:1", "a.example:443", "b.example:443", "10.1.2.3:443", "169.254.169.254:443") with { Cids = [17] };
        var alone = Policy(new EgressOptions { Allow = [own] });
        var beside = Policy(new EgressOptions { Allow = [own, others] });

        var (expected, verdict) = (Of(alone), Of(beside));

        Assert.False(verdict.IsAllowed);
        Assert.Equal(expected with { Note = null }, verdict with { Note = null });
        Assert.Equal(
            expected.Reason + (asked[0] == 'b' ? "" : " (Egress:Allow:1 has it for other enclaves alone)") + expected.Note,
            verdict.ForOperator);

        EgressVerdict Of(EgressPolicy policy) => address is null ? Judge(policy, asked) : Resolve(policy, asked, address);
    }

    [Fact]
    public void Judge_RuleWithAnotherPort_IsMentioned() => Assert.Equal(
        "no rule of Egress:Allow for proof-server (CID 16) names a.example:443; "
            + "add \"a.example:443\" to the Hosts of one (Egress:Allow:0 has it with port 80 alone)",
        Judge(Allow("a.example:80"), "a.example:443").Reason);

    [Fact]
    public void Judge_WideRule_IsMentioned() => Assert.EndsWith(
        " (Egress:Allow:0 has 0.0.0.0/0:80, which means the public addresses in it)",
        Judge(Allow("0.0.0.0/0:80"), "169.254.169.254:80").Reason,
        StringComparison.Ordinal);

    [Fact]
    public void Judge_SeveralRules_TheMostSpecificIsNamed()
    {
        var policy = Policy(new EgressOptions
        {
            Allow =
            [
                Rule("any", "*:443"), Rule("com", "*.com:443"), Rule("example", "*.example.com:443"), Rule("exact", "api.example.com:443"),
                Rule("wide", "198.0.0.0/8:443"), Rule("narrow", "198.41.0.0/16:443"), Rule("address", "198.41.0.4:443"),
            ],
        });

        Assert.Equal("exact", Judge(policy, "api.example.com:443").Rule?.Location);
        Assert.Equal("example", Judge(policy, "b.api.example.com:443").Rule?.Location);
        Assert.Equal("com", Judge(policy, "example.com:443").Rule?.Location);
        Assert.Equal("any", Judge(policy, "com:443").Rule?.Location);
        Assert.Equal("address", Judge(policy, "198.41.0.4:443").Rule?.Location);
        Assert.Equal("narrow", Judge(policy, "198.41.0.5:443").Rule?.Location);
        Assert.Equal("wide", Judge(policy, "198.42.0.5:443").Rule?.Location);
    }

    [Fact]
    public void Judge_ThousandsOfRules_FindsTheOne()
    {
        var rules = Enumerable.Range(0, 20_000)
            .Select(i => Rule($"r{i}", $"h{i}.example:443", $"*.s{i}.example:443", $"9.{i / 256}.{i % 256}.0/24:443"));
        var policy = Policy(new EgressOptions { Allow = [.. rules] });

        Assert.Equal("r19999", Judge(policy, "h19999.example:443").Rule?.Location);
        Assert.Equal("r12345", Judge(policy, "a.b.s12345.example:443").Rule?.Location);
        Assert.Equal("r258", Judge(policy, "9.1.2.77:443").Rule?.Location);
        Assert.Null(Judge(policy, "h20000.example:443").Rule);
    }

    [Theory]
    [InlineData("api.example.com", true)]
    [InlineData("API.example.com.", true)]
    [InlineData("a.amazonaws.com", true)]
    [InlineData("amazonaws.com", false)]
    [InlineData("other.example", false)]
    [InlineData("of-another.example", false)]
    [InlineData("denied.example", false)]
    [InlineData("half.example", true)]
    public void JudgeQuestion_EgressHosts_AreTheNamesOfTheRules(string name, bool isAllowed)
    {
        var policy = Policy(new EgressOptions
        {
            Allow =
            [
                Rule("Egress:Allow:0", "api.example.com:443", "*.amazonaws.com:443", "denied.example:443", "half.example:*", "0.0.0.0/0:*"),
                Rule("Egress:Allow:1", "of-another.example:443") with { Cids = [17] },
            ],
            Deny = [Rule("Egress:Deny:0", "denied.example:443", "half.example:80")],
        });

        var verdict = policy.JudgeQuestion(Peer, Name(name));

        Assert.Equal(isAllowed, verdict.IsAllowed);
        Assert.Equal(isAllowed, verdict.Reason is null);
    }

    [Fact]
    public void JudgeQuestion_EgressHosts_SaysWhatIsMissing() => Assert.Equal(
        "no rule of Egress:Allow for proof-server (CID 16) names other.example; add \"other.example:443\" to the Hosts of one",
        Allow("api.example.com:443").JudgeQuestion(Peer, Name("other.example")).Reason);

    [Fact]
    public void JudgeQuestion_NameOfAnotherEnclave_IsNoBusinessOfThisOne()
    {
        var policy = Policy(new EgressOptions { Allow = [Rule("Egress:Allow:0", "other.example:443") with { Cids = [17] }] });

        var verdict = policy.JudgeQuestion(Peer, Name("other.example"));

        Assert.Equal(Allow("api.example.com:443").JudgeQuestion(Peer, Name("other.example")), verdict with { Note = null });
        Assert.EndsWith(" (Egress:Allow:0 has it for other enclaves alone)", verdict.ForOperator, StringComparison.Ordinal);
    }

    [Fact]
    public void JudgeQuestion_ListOfNames_CountsAlone()
    {
        var policy = Policy(new EgressOptions
        {
            Allow = [Rule("Egress:Allow:0", "api.example.com:443")],
            Deny = [Rule("Egress:Deny:0", "bad.example.org:*", "web.example.org:80")],
            Dns = Dns("*.example.org", "example.net"),
        });

        AssertAllowed("Egress:Dns:Allow", policy.JudgeQuestion(Peer, Name("a.example.org")));
        Assert.True(policy.JudgeQuestion(Peer, Name("example.net")).IsAllowed);
        Assert.True(policy.JudgeQuestion(Peer, Name("web.example.org")).IsAllowed);
        Assert.Equal("Egress:Deny:0", policy.JudgeQuestion(Peer, Name("bad.example.org")).Rule?.Location);
        Assert.Equal(
            "Egress:Dns:Allow does not name api.example.com; add \"api.example.com\" to it",
            policy.JudgeQuestion(Peer, Name("api.example.com")).Reason);
    }

    [Fact]
    public void JudgeQuestion_Any_IsEveryName()
    {
        var policy = Policy(new EgressOptions { Dns = Dns("*") });

        Assert.True(policy.JudgeQuestion(Peer, Name("anything.example")).IsAllowed);
    }

    private static void AssertAllowed(string rule, EgressVerdict verdict) =>
        Assert.Equal((true, rule, true), (verdict.IsAllowed, verdict.Rule?.Location, verdict.Reason is null));

    private static EgressDnsOptions Dns(params string[] names) => new()
    {
        Listen = EgressAddress.Parse("vsock://any:53").Value,
        Allow = [.. names.Select(name => EgressHostPattern.ParseName(name).Value)],
    };

    private static EgressPolicy Allow(params string[] hosts) => Policy(new EgressOptions { Allow = [Rule("Egress:Allow:0", hosts)] });

    private static EgressPolicy Policy(EgressOptions options)
    {
        var own = new HashSet<IPAddress> { IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse(Own) };
        return new EgressPolicy(options, () => own);
    }

    private static EgressRuleOptions Rule(string location, params string[] hosts) => new(location, null, null, [.. hosts.Select(host =>
    {
        var (pattern, reason) = EgressHostPattern.Parse(host);
        Assert.Null(reason);
        return pattern;
    })]);

    private static EgressVerdict Judge(EgressPolicy policy, string asked) => policy.Judge(Peer, Destination(asked));

    private static EgressVerdict Resolve(EgressPolicy policy, string asked, string address)
    {
        var allowed = Judge(policy, asked);
        Assert.True(allowed.IsAllowed, allowed.Reason);
        return policy.JudgeResolved(Peer, Destination(asked), IPAddress.Parse(address), allowed);
    }

    private static Destination Destination(string text)
    {
        Assert.True(ParentProxy.Endpoints.Destination.TryParse(text, null, out var destination, out var reason), reason);
        return destination;
    }

    private static HostName Name(string text)
    {
        Assert.True(HostName.TryParse(text, out var name, out var reason), reason);
        return name;
    }
}
