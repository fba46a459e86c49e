using System.Net;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

/// <summary>The allowlist of AWS's vsock-proxy: what it may say, and each mistake at its line.</summary>
public sealed class AllowlistFileTests : IDisposable
{
    private const string Path = "vsock-proxy.yaml";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Read_FileInTheFormOfAws_IsARuleForEachEntry()
    {
        var (rules, problems) = Read("""
            # Hosts that enclaves may reach.
            allowlist:
            - {address: kms.us-east-1.amazonaws.com, port: 443}
            - {address: kms-fips.us-east-1.amazonaws.com, port: 443}

            # A database.
            - address: 10.0.0.7
              port: 5432
            - {port: 8443, address: "2001:db8::7"}
            - {address: API.Example.Com., port: "443"}
            """);

        Assert.Empty(problems);
        Assert.Equal(
            [
                ("vsock-proxy.yaml:3", "kms.us-east-1.amazonaws.com:443"),
                ("vsock-proxy.yaml:4", "kms-fips.us-east-1.amazonaws.com:443"),
                ("vsock-proxy.yaml:7", "10.0.0.7:5432"),
                ("vsock-proxy.yaml:9", "[2001:db8::7]:8443"),
                ("vsock-proxy.yaml:10", "API.Example.Com.:443"),
            ],
            rules.Select(rule => (rule.Location, Assert.Single(rule.Hosts).Text)));
        Assert.All(rules, rule => Assert.Equal((null, null, true), (rule.Cids, rule.Enclaves, rule.IsOfFile)));
        Assert.True(rules[2].Hosts[0].Matches(new Destination(null, IPAddress.Parse("10.0.0.7"), 5432)));
        Assert.True(HostName.TryParse("api.example.com", out var name, out _));
        Assert.True(rules[4].Hosts[0].Matches(new Destination(name, null, 443)));
    }

    [Theory]
    [InlineData("allowlist: []")]
    [InlineData("---\nallowlist: []\n...\n")]
    [InlineData("{allowlist: []}")]
    [InlineData("\uFEFFallowlist: []")]
    [InlineData("\"allowlist\": []\r\n")]
    public void Read_EmptyList_IsNoMistake(string text)
    {
        var (rules, problems) = Read(text);

        Assert.Empty(problems);
        Assert.Empty(rules);
    }

    [Fact]
    public void Read_ManyMistakes_AreAllReportedWithTheirPlaces()
    {
        var (_, problems) = Read("""
            version: 1
            allowlist:
            - {address: a.example, port: 443, protocol: tcp}
            - {address: b.example}
            - {port: 443}
            - {}
            - c.example:443
            - {address: d.example, port: https}
            - {address: d.example, port: 65536}
            - {address: e example, port: 443}
            - {address: "*.example", port: 443}
            - {address: 10.0.0.0/8, port: 443}
            - {address: [f.example], port: 443}
            - {address: g.example, port: {number: 443}}
            - {address: h.example, address: i.example, port: 443}
            - {address: 1.2.3.256, port: 443}
            - {address: "", port: 443}
            - [{address: j.example, port: 443}]
            - {? [k] : l, address: m.example, port: 443}
            - {address: n.example, port: }
            - {address: ok.example, port: 443}
            """);

        Assert.Equal(
            [
                "line 1, column 1: unknown key 'version'; the only one here is allowlist",
                "line 3, column 35: unknown key 'protocol'; an entry has address and port",
                "line 4, column 3: has no port",
                "line 5, column 3: has no address",
                "line 6, column 3: has no address",
                "line 7, column 3: is not an entry with address and port",
                "line 8, column 30: port 'https' is not a number from 1 to 65535",
                "line 9, column 30: port '65536' is not a number from 1 to 65535",
                "line 10, column 13: address 'e example:443': character U+0020 is in no host name: "
                    + "letters, digits, '-' and '_', divided by dots",
                "line 11, column 13: address '*.example' is a pattern, which this file cannot have; write it in Egress:Allow",
                "line 12, column 13: address '10.0.0.0/8' is a pattern, which this file cannot have; write it in Egress:Allow",
                "line 13, column 13: address is not a value",
                "line 14, column 30: port is not a value",
                "line 15, column 24: 'address' is there twice",
                "line 16, column 13: address '1.2.3.256' is neither a network like 10.0.0.0/8 nor an address",
                "line 17, column 13: address ':443': the name is empty",
                "line 18, column 3: is not an entry with address and port",
                "line 19, column 6: is no key",
                "line 20, column 30: port '' is not a number from 1 to 65535",
            ],
            problems.Select(problem => problem[(problem.IndexOf(Path, StringComparison.Ordinal) + Path.Length + 2)..]));
        Assert.All(problems, problem => Assert.StartsWith("Egress:AllowlistFile: /", problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "line 1, column 1: is empty; it begins with allowlist:")]
    [InlineData("# nothing\n", "line 1, column 1: is empty")]
    [InlineData("allowlist:\n", "line 1, column 11: is not a list of entries with address and port")]
    [InlineData("allowlist: all\n", "line 1, column 12: is not a list")]
    [InlineData("allowlist: {address: a, port: 1}\n", "line 1, column 12: is not a list")]
    [InlineData("whitelist: []\n", "line 1, column 1: unknown key 'whitelist'")]
    [InlineData("- {address: a, port: 1}\n", "line 1, column 1: is not allowlist: with a list")]
    [InlineData("allowlist\n", "line 1, column 1: is not allowlist: with a list")]
    [InlineData("allowlist: []\nallowlist: []\n", "line 2, column 1: 'allowlist' is there twice")]
    [InlineData("allowlist: []\n---\nallowlist: []\n", "line 2, column 1: begins a second document")]
    [InlineData("x: &a []\nallowlist: *a\n", "line 2, column 12: is not a list")]
    public void Read_WrongShape_IsReportedAtItsPlace(string text, string problem) =>
        Assert.Contains(Read(text).Problems, line => line.Contains(problem, StringComparison.Ordinal));

    [Theory]
    [InlineData("allowlist: [", 2)]
    [InlineData("allowlist:\n- {address: a, port: 1\n- {address: b, port: 1}\n", 2)]
    [InlineData("allowlist:\n\t- {address: a, port: 1}\n", 1)]
    [InlineData("allowlist:\n- {address: 'a, port: 1}\n", 2)]
    [InlineData("allowlist:\n- {address: @a, port: 1}\n", 2)]
    [InlineData("a: b: c\n", 1)]
    [InlineData("%YAML 9.9\n---\nallowlist: []\n", 1)]
    [InlineData("\"\\q\"", 1)]
    [InlineData("&a &b c", 1)]
    public void Read_NoYaml_IsReportedWithLineAndReason(string text, int line)
    {
        var problem = Read(text).Problems[^1];

        Assert.Contains($"line {line}, column ", problem, StringComparison.Ordinal);
        Assert.Contains("is not YAML", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{")]
    [InlineData("- ")]
    [InlineData("? ")]
    [InlineData("a: [")]
    public void Read_DeepNesting_IsRefusedBeforeItCosts(string level) =>
        Assert.Contains(
            Read(string.Concat(Enumerable.Repeat(level, 100_000))).Problems, line => line.Contains("line 1,", StringComparison.Ordinal));

    [Fact]
    public void Read_EveryPrefixOfAFile_NeverThrows()
    {
        const string text =
            "# c\nallowlist:\n- {address: \"a.example\", port: 443}\n- address: 'b'\n  port: 1\n- {? x : &y z, *y : [1, {}]}\n";

        for (var length = 0; length < text.Length; length++)
        {
            Read(text[..length]);
            Read(text[..length] + text[(length + 1)..]);
            Read($"{text[..length]}{{{text[length..]}");
        }
    }

    [Fact]
    public void Read_ZeroByte_IsNotTakenForTheEnd() => Assert.Contains(
        "holds a zero byte in line 2", Assert.Single(Read("allowlist: []\n\0x: y").Problems), StringComparison.Ordinal);

    [Fact]
    public void Read_TooLarge_IsRefused() => Assert.Contains(
        "of at most 1048576", Assert.Single(Read(new string(' ', 1024 * 1024) + "a").Problems), StringComparison.Ordinal);

    [Fact]
    public void Read_NoText_IsRefused()
    {
        File.WriteAllBytes(_directory.File(Path), [0x61, 0xFF]);
        var report = new ConfigurationReport();

        AllowlistFile.Read(_directory.File(Path), "Egress:AllowlistFile", report);

        Assert.Contains("is not text in UTF-8", Assert.Single(report.Problems).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoFile_IsRefusedWithTheErrno()
    {
        Assert.Equal("there is no file '/nonexistent/vsock-proxy.yaml' (ENOENT)", WhyNot("/nonexistent/vsock-proxy.yaml"));
        Assert.Equal($"'{_directory.Root}' is a folder; name the file in it", WhyNot(_directory.Root));
        Assert.Equal("'/dev/zero' is no regular file", WhyNot("/dev/zero"));

        static string WhyNot(string path)
        {
            var report = new ConfigurationReport();
            Assert.Empty(AllowlistFile.Read(path, "Egress:AllowlistFile", report));
            return Assert.Single(report.Problems).Reason;
        }
    }

    private (IReadOnlyList<EgressRuleOptions> Rules, IReadOnlyList<string> Problems) Read(string text)
    {
        File.WriteAllText(_directory.File(Path), text);
        var report = new ConfigurationReport();
        var rules = AllowlistFile.Read(_directory.File(Path), "Egress:AllowlistFile", report);
        return (rules, [.. report.Problems.Select(problem => problem.ToString())]);
    }
}
