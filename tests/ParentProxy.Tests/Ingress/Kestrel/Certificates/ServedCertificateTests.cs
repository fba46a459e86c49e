using Microsoft.Extensions.Logging;
using ParentProxy.Ingress.Kestrel.Certificates;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel.Certificates;

public sealed class ServedCertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new("a");
    private readonly TestLog _log = new();

    public static TheoryData<string, string> Refused => new()
    {
        { "expired", "it expired on " },
        { "not yet valid", "it is valid only from " },
        { "for clients", "it is not for servers (extended key usage)" },
        { "another key", "the private key is not that of the certificate" },
        { "no certificate", "it holds no certificate, or a broken one" },
        { "half a certificate", "it holds no certificate, or a broken one" },
        { "no key", "The key contents do not contain a PEM" },
        { "gone", "Could not find file '" },
        { "key gone", "Could not find file '" },
    };

    [Fact]
    public void Look_AnotherCertificate_IsTakenOver_Once()
    {
        var first = _authority.WriteServer("a", "a.example");
        var served = New();
        served.Prepare();
        Assert.Equal(first, served.Context?.TargetCertificate.Thumbprint);

        var second = _authority.WriteServer("a", "a.example");
        Look(served);
        Look(served);

        Assert.Equal((second, second), (served.Context?.TargetCertificate.Thumbprint, served.Current?.Thumbprint));
        Assert.True(served.HasBeen(first));
        var line = Assert.Single(_log.Entries);
        Assert.Equal(LogLevel.Information, line.Level);
        Assert.StartsWith(
            $"Certificate of Secure replaced: {_authority.Path("a")} holds one for a.example until ",
            line.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Look_WhatCannotBeUsed_IsRefusedAtTheSecondLook_AndToldOnce(string what, string reason)
    {
        var first = _authority.WriteServer("a", "a.example");
        var key = File.ReadAllText(_authority.KeyPath("a"));
        var served = New();
        served.Prepare();
        Break(what, key);

        Look(served, what == "not yet valid" ? -3 : 0);
        Assert.Empty(_log.Entries);
        Look(served, what == "not yet valid" ? -3 : 0);
        Look(served, what == "not yet valid" ? -3 : 0);

        var line = Assert.Single(_log.Entries);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.StartsWith(
            $"Certificate of Secure not replaced, clients are shown the one before: {_authority.Path("a")}: {reason}",
            line.Message,
            StringComparison.Ordinal);
        Assert.StartsWith(reason, served.Refusal, StringComparison.Ordinal);
        Assert.Equal(first, served.Context?.TargetCertificate.Thumbprint);

        var second = _authority.WriteServer("a", "a.example");
        Look(served);
        Assert.Equal((second, null), (served.Context?.TargetCertificate.Thumbprint, served.Refusal));
    }

    [Fact]
    public void Look_KeyComesAfterItsCertificate_NothingIsTold()
    {
        _authority.WriteServer("a", "a.example");
        var before = File.ReadAllText(_authority.KeyPath("a"));
        var served = New();
        served.Prepare();
        var second = _authority.WriteServer("a", "a.example");
        var after = File.ReadAllText(_authority.KeyPath("a"));

        File.WriteAllText(_authority.KeyPath("a"), before);
        Look(served);
        File.WriteAllText(_authority.KeyPath("a"), after);
        Look(served);

        Assert.Equal(second, served.Context?.TargetCertificate.Thumbprint);
        Assert.DoesNotContain(_log.Entries, entry => entry.Level > LogLevel.Information);
    }

    [Fact]
    public void Look_PutBack_IsNoRefusalAnyMore()
    {
        var first = _authority.WriteServer("a", "a.example");
        var certificate = File.ReadAllText(_authority.Path("a"));
        var served = New();
        served.Prepare();
        File.WriteAllText(_authority.Path("a"), "");
        Look(served);
        Look(served);
        Assert.NotNull(served.Refusal);

        File.WriteAllText(_authority.Path("a"), certificate);
        Look(served);

        Assert.Equal((first, null), (served.Context?.TargetCertificate.Thumbprint, served.Refusal));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _log.Dispose();
    }

    private void Look(ServedCertificate served, int days = 0) =>
        served.Look(DateTimeOffset.UtcNow.AddDays(days), _log.CreateLogger("test"));

    private void Break(string what, string key)
    {
        switch (what)
        {
            case "expired":
                _authority.WriteServer("a", "a.example", days: -1);
                break;
            case "not yet valid":
                _authority.WriteServer("a", "a.example");
                break;
            case "for clients":
                _authority.WriteServer("a", "a.example", isForServers: false);
                break;
            case "another key":
                _authority.WriteServer("a", "a.example");
                File.WriteAllText(_authority.KeyPath("a"), key);
                break;
            case "no certificate":
                File.WriteAllText(_authority.Path("a"), "");
                break;
            case "half a certificate":
                File.WriteAllText(_authority.Path("a"), File.ReadAllText(_authority.Path("a"))[..300]);
                break;
            case "no key":
                File.WriteAllText(_authority.KeyPath("a"), "");
                break;
            case "gone":
                File.Delete(_authority.Path("a"));
                break;
            default:
                File.Delete(_authority.KeyPath("a"));
                break;
        }
    }

    private ServedCertificate New() => new("Secure", null, ListenerCertificatesTests.Sections(
        ("C:Path", _authority.Path("a")), ("C:KeyPath", _authority.KeyPath("a"))).GetSection("Kestrel:C"));
}
