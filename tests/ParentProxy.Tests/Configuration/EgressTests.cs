using System.Net;
using ParentProxy.Configuration;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

/// <summary>Section <c>Egress</c>: what it may say, and each mistake alone.</summary>
public sealed class EgressTests
{
    [Fact]
    public void Load_Nothing_HasTheDefaults()
    {
        var egress = TestConfiguration.Accept(TestConfiguration.WithEnclave(""" "Egress": {} """)).Egress;

        Assert.Empty(egress.Listeners);
        Assert.Equivalent(new EgressOptions(), egress);
    }

    [Fact]
    public void Load_Everything_IsRead()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("list.yaml"), "allowlist:\n- {address: kms.us-east-1.amazonaws.com, port: 443}\n");
        var egress = Accept($$"""
            "Allow": [
              { "Cids": [16, 17], "Enclaves": ["proof-server*"], "Hosts": ["api.binance.com:443", "*.amazonaws.com:*", "*:443"] },
              { "Cids": "any", "Hosts": ["10.1.2.3:5432", "192.0.2.0/24:443", "[2001:db8::]/32:443", "[2001:db8::1]:*"] }
            ],
            "Deny": [ { "Hosts": ["bücher.example:*"] } ],
            "DenyPrivateNetworks": false,
            "AllowlistFile": "{{directory.File("list.yaml")}}",
            "Forwards": [
              { "Listen": "vsock://any:8443", "To": "kms.us-east-1.amazonaws.com:443" },
              { "Listen": "unix:/nonexistent/db.sock", "Peer": { "Cid": 16, "Enclave": "proof-server-1" }, "To": "10.1.2.3:5432" }
            ],
            "Connect": { "Listen": "VSOCK://ANY:3128" },
            "Dns": { "Listen": "vsock://any:53", "Upstreams": ["10.0.0.2", "10.0.0.3:5353", "fd00::2", "[fd00::3]:54"],
                     "Allow": ["example.com", "*.example.org", "*"], "CacheEntries": 0 },
            "Logs": { "Listen": "vsock://any:8011", "MaxLineBytes": 1024, "LinesPerSecond": 10 },
            "Time": { "Listen": "vsock://any:123" },
            "Files": [ { "Listen": "vsock://any:9100", "Path": "/etc/app/config.json", "Cids": [16], "Enclaves": ["proof-server"] } ],
            "ConnectTimeout": "00:00:01", "RequestTimeout": "00:00:02", "IdleTimeout": "00:00:03", "HalfCloseTimeout": "00:00:04",
            "MaxConnections": 5, "MaxConnectionsPerEnclave": 6
            """);

        Assert.Equal(["Egress:Allow:0", "Egress:Allow:1", "list.yaml:2"], egress.Allow.Select(rule => rule.Location));
        Assert.Equal([16, 17], egress.Allow[0].Cids!);
        Assert.Equal(["proof-server*"], egress.Allow[0].Enclaves!);
        Assert.Equal((null, null), (egress.Allow[1].Cids, egress.Allow[1].Enclaves));
        Assert.Equal(
            [
                ("api.binance.com", false, null, (ushort?)443),
                ("amazonaws.com", true, null, null),
                ("*", false, null, 443),
                (null, false, (IPNetwork?)IPNetwork.Parse("10.1.2.3/32"), 5432),
                (null, false, IPNetwork.Parse("192.0.2.0/24"), 443),
                (null, false, IPNetwork.Parse("2001:db8::/32"), 443),
                (null, false, IPNetwork.Parse("2001:db8::1/128"), null),
            ],
            egress.Allow.Take(2).SelectMany(rule => rule.Hosts).Select(host => (host.Name, host.IsBelow, host.Network, host.Port)));
        Assert.Equal("xn--bcher-kva.example", Assert.Single(Assert.Single(egress.Deny).Hosts).Name);
        Assert.False(egress.DenyPrivateNetworks);
        Assert.Equal(2, egress.WithoutFile().Allow.Count);
        Assert.Equal(["kms.us-east-1.amazonaws.com:443", "10.1.2.3:5432"], egress.Forwards.Select(forward => forward.To.ToString()));
        Assert.Equal((null, "/nonexistent/db.sock"), (egress.Forwards[1].Listen.Port, egress.Forwards[1].Listen.SocketPath));
        Assert.Equal(new EgressPeerOptions(16, "proof-server-1"), egress.Forwards[1].Peer);
        Assert.Equal(new EgressAddress("vsock://any:3128", 3128, null), egress.Connect!.Listen);
        Assert.Null(egress.Connect.Peer);
        Assert.Equal(
            ["10.0.0.2:53", "10.0.0.3:5353", "[fd00::2]:53", "[fd00::3]:54"], egress.Dns!.Upstreams!.Select(one => one.ToString()));
        Assert.Equal(["example.com", "*.example.org", "*"], egress.Dns.Allow!.Select(name => name.Text));
        Assert.Equal((0, 1024, 10), (egress.Dns.CacheEntries, egress.Logs!.MaxLineBytes, egress.Logs.LinesPerSecond));
        Assert.Equal(123u, egress.Time!.Listen.Port);
        var file = Assert.Single(egress.Files);
        Assert.Equal(("/etc/app/config.json", 16u, "proof-server"), (file.Path, Assert.Single(file.Cids!), Assert.Single(file.Enclaves!)));
        Assert.Equal(
            [1, 2, 3, 4],
            new[] { egress.ConnectTimeout, egress.RequestTimeout, egress.IdleTimeout, egress.HalfCloseTimeout }
                .Select(time => time.TotalSeconds));
        Assert.Equal((5, 6), (egress.MaxConnections, egress.MaxConnectionsPerEnclave));
        Assert.Equal(7, egress.Listeners.Count());
    }

    [Theory]
    [InlineData(""" "Upstreams": ["system"], "Allow": "egress-hosts" """, null)]
    [InlineData(""" "Allow": "any" """, "*")]
    [InlineData(""" "Allow": "ANY" """, "*")]
    public void Load_WordsOfDns_AreRead(string keys, string? names)
    {
        var dns = Accept($$""" "Dns": { "Listen": "vsock://any:53", {{keys}} } """).Dns!;

        Assert.Null(dns.Upstreams);
        Assert.Equal(names, dns.Allow is null ? null : Assert.Single(dns.Allow).Name);
        Assert.Equal(10_000, dns.CacheEntries);
    }

    [Theory]
    [InlineData(""" "Connect": { "Listen": null } """)]
    [InlineData(""" "Connect": {} """)]
    [InlineData(""" "Logs": { "Listen": null, "MaxLineBytes": 1024 } """)]
    [InlineData(""" "Dns": null """)]
    public void Load_NoListen_IsNoListener(string keys) =>
        Assert.Empty(TestConfiguration.Accept(TestConfiguration.WithEnclave($$""" "Egress": { {{keys}} } """)).Egress.Listeners);

    [Theory]
    [InlineData(""" "Connect": { "Listen": "vsock://any:3128" } """)]
    [InlineData(""" "Time": { "Listen": "vsock://any:123" } """)]
    [InlineData(""" "Files": [ { "Listen": "unix:/nonexistent/x.sock", "Path": "/etc/hosts" } ] """)]
    public void Load_EgressAlone_IsSomethingToDo(string keys) =>
        Assert.Single(TestConfiguration.Accept($$"""{ "Egress": { {{keys}} } }""").Egress.Listeners);

    [Fact]
    public void Load_EgressWithoutListener_IsNothingToDo() => Assert.StartsWith(
        "Enclaves: there is nothing to forward to",
        Assert.Single(TestConfiguration.Refuse("""{ "Egress": { "Allow": [ { "Hosts": ["a.example:443"] } ] } }""")),
        StringComparison.Ordinal);

    [Fact]
    public void Load_Variables_SayTheSame()
    {
        var egress = TestConfiguration.Accept(
            null,
            "Egress__Allow__0__Hosts__0=a.example:443", "Egress__Allow__0__Cids=any", "Egress__Allow__1__Cids__0=16",
            "Egress__Allow__1__Hosts__0=b.example:443",
            "--Egress:Connect:Listen=vsock://any:3128", "Egress__Forwards__0__Listen=vsock://any:8443",
            "Egress__Forwards__0__To=a.example:443").Egress;

        Assert.Equal(2, egress.Listeners.Count());
        Assert.Null(egress.Allow[0].Cids);
        Assert.Equal([16], egress.Allow[1].Cids!);
    }

    [Theory]
    [InlineData("api.example.com", "has no port; write api.example.com:443, or api.example.com:* for every one")]
    [InlineData("[2001:db8::1]", "has no port")]
    [InlineData("", "has no port")]
    [InlineData("api.example.com:", "does not end in a port")]
    [InlineData("api.example.com:0", "does not end in a port")]
    [InlineData("api.example.com:65536", "does not end in a port")]
    [InlineData("api.example.com:https", "does not end in a port")]
    [InlineData("api.example.com:443-445", "does not end in a port")]
    [InlineData(":443", "the name is empty")]
    [InlineData("https://api.example.com", "is a URL; write host and port")]
    [InlineData("https://api.example.com:443", "is a URL; write host and port")]
    [InlineData("api.example.com/x:443", "neither a network")]
    [InlineData("api.*.com:443", "a '*' stands for all names")]
    [InlineData("api*.example.com:443", "a '*' stands for all names")]
    [InlineData("**.example.com:443", "a '*' stands for all names")]
    [InlineData("*.*.com:443", "a '*' stands for all names")]
    [InlineData("*.:443", "a '*' stands for all names")]
    [InlineData("a b:443", "is in no host name")]
    [InlineData("user@a:443", "'@' is in no host name")]
    [InlineData("10.1.2.3/8:443", "write 10.0.0.0/8 for the network")]
    [InlineData("10.1.2:443", "neither a network")]
    [InlineData("010.1.2.3:443", "neither a network")]
    [InlineData("0x0a010203:443", "neither a network")]
    [InlineData("10.1.2.3.:443", "ends in a number")]
    [InlineData("1.2.3.256:443", "neither a network")]
    [InlineData("10.0.0.0/33:443", "from 0 to 32")]
    [InlineData("2001:db8::1:443", "stands in brackets")]
    [InlineData("2001:db8::/32:443", "stands in brackets")]
    [InlineData("[2001:db8::/32]:443", "stands in brackets")]
    [InlineData("[fe80::1%1]:443", "neither a network")]
    [InlineData("[10.1.2.3]:443", "only an IPv6 address stands in brackets")]
    [InlineData("*.10.1.2.3:443", "neither a network")]
    public void Load_WrongHost_IsRefused(string host, string reason) =>
        AssertRefused($$""" "Allow": [ { "Hosts": ["{{host}}"] } ] """, "Allow:0:Hosts:0", reason);

    [Theory]
    [InlineData("vsock://any:9000", "port 9000 is taken by enclaves that boot")]
    [InlineData("vsock://any:0", "port 0 cannot be dialled")]
    [InlineData("vsock://any:4294967295", "means \"any\"")]
    [InlineData("vsock://any:4294967296", "is not a whole number")]
    [InlineData("vsock://any:", "is not a whole number")]
    [InlineData("vsock://any:x", "is not a whole number")]
    [InlineData("vsock://any", "is neither vsock://any:PORT")]
    [InlineData("vsock://3:8443", "names a CID, but egress listens on every CID of this machine")]
    [InlineData("vsock://4294967295:8443", "names a CID")]
    [InlineData("vsock://:8443", "names a CID")]
    [InlineData("0.0.0.0:3128", "is neither vsock://any:PORT")]
    [InlineData("8443", "is neither vsock://any:PORT")]
    [InlineData("unix:", "the path is missing")]
    [InlineData("unix:run/x", "is not an absolute path")]
    [InlineData("unix:/etc", "is a folder and no socket")]
    [InlineData("", "is neither vsock://any:PORT")]
    public void Load_WrongAddress_IsRefused(string listen, string reason) =>
        AssertRefused($$""" "Files": [ { "Listen": "{{listen}}", "Path": "/etc/hosts" } ] """, "Files:0:Listen", reason);

    [Theory]
    [InlineData(""" "Allow": [ { "Host": ["a:1"] } ] """, "Allow:0:Host", "unknown key; did you mean Hosts?", 2)]
    [InlineData(""" "Allow": [ {} ] """, "Allow:0:Hosts", "is missing")]
    [InlineData(""" "Allow": [ { "Hosts": [] } ] """, "Allow:0:Hosts", "is empty")]
    [InlineData(""" "Allow": [ { "Hosts": "a:1" } ] """, "Allow:0:Hosts", "is a value, not a list")]
    [InlineData(""" "Allow": [ { "Cids": 16, "Hosts": ["a:1"] } ] """, "Allow:0:Cids", "neither a list of CIDs, like [16], nor any")]
    [InlineData(""" "Allow": [ { "Cids": [], "Hosts": ["a:1"] } ] """, "Allow:0:Cids", "is empty")]
    [InlineData(""" "Allow": [ { "Cids": [0], "Hosts": ["a:1"] } ] """, "Allow:0:Cids:0", "CID 0")]
    [InlineData(""" "Allow": [ { "Cids": ["any"], "Hosts": ["a:1"] } ] """, "Allow:0:Cids:0", "is not a whole number")]
    [InlineData(""" "Deny": [ { "Enclaves": [], "Hosts": ["a:1"] } ] """, "Deny:0:Enclaves", "is empty")]
    [InlineData(""" "Deny": [ { "Enclaves": [""], "Hosts": ["a:1"] } ] """, "Deny:0:Enclaves:0", "is no name")]
    [InlineData(""" "DenyPrivateNetworks": "no" """, "DenyPrivateNetworks", "write false")]
    [InlineData(""" "AllowlistFile": "vsock-proxy.yaml" """, "AllowlistFile", "is not the absolute path of a file")]
    [InlineData(""" "AllowlistFile": "/nonexistent/vsock-proxy.yaml" """, "AllowlistFile", "there is no file")]
    [InlineData(""" "Forwards": [ { "Listen": "vsock://any:1" } ] """, "Forwards:0:To", "is missing")]
    [InlineData(""" "Forwards": [ { "Listen": "vsock://any:1", "To": "a" } ] """, "Forwards:0:To", "the port is missing")]
    [InlineData(""" "Forwards": [ { "Listen": "vsock://any:1", "To": "19:443" } ] """, "Forwards:0:To", "names 0.0.0.19:443")]
    [InlineData(
        """ "Forwards": [ { "Listen": "vsock://any:1", "To": "a.example:443" } ] """,
        "Forwards:0:To", "every connection would be refused; add { \"Hosts\": [ \"a.example:443\" ] }")]
    [InlineData(
        """ "Allow": [ { "Hosts": ["*:443", "a.example:80"] } ], "Forwards": [ { "Listen": "vsock://any:1", "To": "10.1.2.3:443" } ] """,
        "Forwards:0:To", "no rule of Egress:Allow names 10.1.2.3:443")]
    [InlineData(
        """ "Allow": [ { "Hosts": ["a.example:443"] } ], "Forwards": [ { "To": "a.example:443" } ] """, "Forwards:0:Listen", "is missing")]
    [InlineData(""" "Files": [ { "Listen": "vsock://any:1" } ] """, "Files:0:Path", "is missing")]
    [InlineData(""" "Files": [ { "Listen": "vsock://any:1", "Path": "config.json" } ] """, "Files:0:Path", "is not the absolute path")]
    [InlineData(""" "Connect": { "Listne": "vsock://any:1" } """, "Connect:Listne", "did you mean Listen?", 2)]
    [InlineData(""" "Logs": { "MaxLineBytes": 1024 } """, "Logs:Listen", "is missing")]
    [InlineData(""" "Logs": { "Listen": "vsock://any:1", "MaxLineBytes": 255 } """, "Logs:MaxLineBytes", "from 256 to 1048576")]
    [InlineData(""" "Logs": { "Listen": "vsock://any:1", "LinesPerSecond": 0 } """, "Logs:LinesPerSecond", "from 1 to 1000000")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Upstreams": [] } """, "Dns:Upstreams", "is empty")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Upstreams": ["a.example"] } """, "Dns:Upstreams:0", "nor the address of a")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Upstreams": ["10.2"] } """, "Dns:Upstreams:0", "nor the address of a")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Upstreams": ["10.2:53"] } """, "Dns:Upstreams:0", "nor the address of a")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Upstreams": ["10.0.0.0/8"] } """, "Dns:Upstreams:0", "nor the address of a")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Upstreams": ["system", "10.0.0.2"] } """, "Dns:Upstreams", "write either")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Allow": "all" } """, "Dns:Allow", "is none of egress-hosts, any and a list")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Allow": [] } """, "Dns:Allow", "is empty")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "Allow": ["a.example:443"] } """, "Dns:Allow:0", "':' is in no host name")]
    [InlineData(""" "Dns": { "Listen": "vsock://any:1", "CacheEntries": -1 } """, "Dns:CacheEntries", "from 0")]
    [InlineData(""" "Time": { "Listen": "vsock://any:1", "Peer": { "Cid": 16 } } """, "Time:Peer", "is for unix sockets alone")]
    [InlineData(""" "Time": { "Listen": "unix:/nonexistent/t", "Peer": { "Cid": 0 } } """, "Time:Peer:Cid", "CID 0")]
    [InlineData(
        """ "Time": { "Listen": "vsock://any:1" }, "Connect": { "Listen": "vsock://any:1" } """,
        "Time:Listen", "listens where Egress:Connect:Listen does")]
    [InlineData(""" "MaxConnections": 0 """, "MaxConnections", "from 1")]
    [InlineData(""" "MaxConnectionsPerEnclave": 0 """, "MaxConnectionsPerEnclave", "from 1")]
    [InlineData(""" "ConnectTimeout": "5s" """, "ConnectTimeout", "write 00:00:05")]
    public void Load_Mistake_IsReportedAtItsPath(string keys, string path, string reason, int mistakes = 1)
    {
        var problems = TestConfiguration.Refuse(TestConfiguration.WithEnclave($$""" "Egress": { {{keys}} } """));

        Assert.Equal(mistakes, problems.Length);
        var problem = Assert.Single(problems, line => line.StartsWith($"Egress:{path}: ", StringComparison.Ordinal));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SocketOfAnotherSection_IsRefused() => Assert.Contains(
        "Egress:Time:Listen: listens where Passthrough:0:Listen does",
        TestConfiguration.Refuse(TestConfiguration.WithEnclave(
            """
            "Passthrough": [ { "Listen": "unix:/nonexistent/x", "To": "enclaves" } ],
            "Egress": { "Time": { "Listen": "unix:/nonexistent/x" } }
            """)));

    [Fact]
    public void Load_RulesWithMistakes_DoNotMakeForwardsWrong() => AssertRefused(
        """ "Allow": [ { "Hosts": ["a.example"] } ], "Forwards": [ { "Listen": "vsock://any:1", "To": "a.example:443" } ] """,
        "Allow:0:Hosts:0",
        "has no port");

    [Fact]
    public void Load_WhatIsLikelyNotMeant_IsAWarning()
    {
        const string egress = """
            "Egress": {
              "Allow": [ { "Enclaves": ["proof*", "dev"], "Hosts": ["a.example:443"] } ],
              "Time": { "Listen": "unix:/nonexistent/t", "Peer": { "Enclave": "dev" } }
            }
            """;

        Assert.Equal(
            ["Egress:Allow:0:Enclaves:0: 'proof*' matches no enclave: no Id or Name in Enclaves, and Discovery is off"],
            TestConfiguration.Load($"{{ {egress} }}").Warnings.Select(warning => warning.ToString()));
        Assert.Empty(TestConfiguration.Load($$"""{ "Discovery": { "Enabled": true }, {{egress}} }""").Warnings);
        Assert.Equal(
            ["Egress:Allow: is empty: whatever an enclave asks for will be refused"],
            TestConfiguration.Load("""{ "Egress": { "Connect": { "Listen": "vsock://any:3128" } } }""").Warnings
                .Select(warning => warning.ToString()));
    }

    private static EgressOptions Accept(string keys) => TestConfiguration.Accept($$"""{ "Egress": { {{keys}} } }""").Egress;

    private static void AssertRefused(string keys, string path, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave($$""" "Egress": { {{keys}} } """)));
        Assert.StartsWith($"Egress:{path}: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }
}
