using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Kestrel.Certificates;
using ParentProxy.Tests.Ingress.Kestrel.Certificates;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Admin.StatusPage;

/// <summary>What is said is right in the state in which it is said.</summary>
public sealed class FindingsTests
{
    private static readonly DateTimeOffset Now = new ManualTimeProvider().GetUtcNow();

    private const string LoadBalancer = "load balancer, target group, security group";

    [Fact]
    public async Task Healthy_NoRequestForAMinute_SendsToTheLoadBalancer()
    {
        await using var stage = Healthy("a", "b");
        stage.Step(10);
        Assert.Equal("", stage.Findings);

        stage.Step();

        Assert.Equal(
            $"note: No request came in the last minute. If clients complain, look at what is before this proxy: {LoadBalancer}.",
            stage.Findings);
    }

    [Theory]
    [InlineData("all unhealthy", "bad: No enclave takes requests now: they wait 2 s for one, then get 503.")]
    [InlineData("all starting", "idle: No enclave takes requests now")]
    [InlineData("all ejected or unhealthy", "bad: No enclave takes requests now")]
    [InlineData(
        "too few healthy",
        "bad: 1 of 2 enclaves is healthy, fewer than the 2 of Health:MinHealthy: /health answers 503, "
            + "and a load balancer that asks it sends nothing here.")]
    [InlineData("stopping", "leaving: This proxy stops health fails")]
    [InlineData("port closed", "bad: Listener 127.0.0.1:")]
    [InlineData("request waits", "warn: 1 request waits until an enclave can be dialled, for 2 s at most.")]
    [InlineData("request in flight", "note: No request was answered in the last minute; 1 is in flight: an enclave works on it, or hangs.")]
    public async Task NoRequestForAMinute_OtherReason_SaysThatAndNothingOfWhatIsBefore(string state, string expected)
    {
        await using var stage = await InAsync(state);

        stage.Step(12);

        Assert.Contains(expected, stage.Findings, StringComparison.Ordinal);
        Assert.DoesNotContain(LoadBalancer, stage.Findings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unhealthy_ListsTheWorstFirst()
    {
        await using var stage = Healthy("good", "late", "out", "bad");
        stage.Registry.Find("out")!.ReportEvidence(new Evidence(EvidenceKind.ResponseCut, "answer cut"));
        stage.Probe("bad", ok: false);
        stage.Answer("late", 200, 500);
        stage.Step();

        Assert.Equal(["bad", "out", "late", "good"], stage.Page.Enclaves.Select(enclave => enclave.Enclave.Id));
        Assert.Collection(
            stage.Findings.Split('\n'),
            line => Assert.StartsWith("bad: Enclave bad is unhealthy for 5 s: answered 404", line, StringComparison.Ordinal),
            line => Assert.StartsWith("warn: Enclave out is ejected for 5 s: answer cut", line, StringComparison.Ordinal),
            line => Assert.Equal("warn: 50 % errors (5xx) in the last minute, 1 of 2 requests: 1 from enclave late.", line));
    }

    [Fact]
    public async Task Errors_MadeHere_AreExplainedByTheStateOfTheEnclaves()
    {
        await using var stage = Healthy("a");
        stage.Answer("none", 503);
        stage.Step();
        Assert.Contains("1 made here, because no enclave could take the request in time.", stage.Findings, StringComparison.Ordinal);

        stage.Probe("a", ok: false);

        Assert.Contains("1 made here, because no enclave can take requests.", stage.Findings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flapping_IsToldAlsoWhileTheEnclaveIsHealthy()
    {
        await using var stage = Healthy("a", "b");
        for (var i = 0; i < 3; i++)
        {
            Assert.DoesNotContain("flaps", stage.Findings, StringComparison.Ordinal);
            stage.Probe("b", ok: false);
            stage.Probe("b", ok: true);
            stage.Step();
        }

        Assert.Equal("warn: Enclave b flaps: it went out 3 times in the last 15 minutes; its last errors stand beside it.", stage.Findings);
        Assert.Equal("b", stage.Page.Enclaves[0].Enclave.Id);
    }

    [Theory]
    [InlineData(false, "bad: No enclave is configured: set Enclaves, or Discovery:Enabled.")]
    [InlineData(true, "idle: No enclave is known yet: nitro-cli is being asked.")]
    public async Task NoEnclave_SaysWhereOneWouldComeFrom(bool discovery, string expected)
    {
        await using var stage = new PageStage(PageStage.Options() with { Discovery = new DiscoveryOptions { Enabled = discovery } });

        stage.Step(12);

        Assert.Contains(expected, stage.Findings, StringComparison.Ordinal);
        Assert.DoesNotContain(LoadBalancer, stage.Findings, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-10, 31, "")]
    [InlineData(-10, 29, "warn: Certificate of Https (127.0.0.1) expires in 29 d 0 h, on ")]
    [InlineData(-10, 0.05, "warn: Certificate of Https (127.0.0.1) expires in 1 h 12 min, on ")]
    [InlineData(-10, -3, "bad: Certificate of Https (127.0.0.1) expired 3 d 0 h ago, on ")]
    [InlineData(2, 100, "bad: Certificate of Https (127.0.0.1) is valid only from ")]
    public async Task Certificate_NearItsEndOrNotValid_IsTold(double from, double until, string expected)
    {
        using var certificate = new TestCertificate(Now.AddDays(from), Now.AddDays(until));
        await using var stage = WithCertificate(certificate);

        Assert.StartsWith(expected, stage.Findings, StringComparison.Ordinal);
        Assert.Equal(expected.Length == 0, stage.Findings.Length == 0);
        Assert.Equal(
            from <= 0 && until < 30, stage.Findings.Contains($"Renew {certificate.Path}: it is read again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificate_RenewedInItsFile_IsTakenOver_OrToldWhyNot()
    {
        using var certificate = new TestCertificate(Now.AddDays(-1), Now.AddDays(1));
        await using var stage = WithCertificate(certificate, out var certificates);
        Assert.Contains("Renew ", stage.Findings, StringComparison.Ordinal);

        certificate.Renew(Now.AddDays(-1), new DateTimeOffset(2126, 5, 4, 0, 0, 0, TimeSpan.Zero));
        certificates.Look();
        Assert.Equal("", stage.Findings);

        certificate.Renew(Now.AddDays(-2), Now.AddDays(-1));
        certificates.Look();
        certificates.Look();
        Assert.StartsWith(
            $"warn: Certificate of Https (127.0.0.1) was to be replaced and was not: {certificate.Path}: it expired on ",
            stage.Findings,
            StringComparison.Ordinal);
    }

    private static PageStage Healthy(params string[] ids)
    {
        var stage = new PageStage(PageStage.Options(ids));
        foreach (var id in ids)
            stage.Probe(id, ok: true);
        return stage;
    }

    private static PageStage WithCertificate(TestCertificate certificate) => WithCertificate(certificate, out _);

    private static PageStage WithCertificate(TestCertificate certificate, out ListenerCertificates certificates)
    {
        var sections = ListenerCertificatesTests.Sections(
            ("Endpoints:Https:Url", "https://*:443"),
            ("Endpoints:Https:Certificate:Path", certificate.Path),
            ("Endpoints:Https:Certificate:KeyPath", certificate.KeyPath));
        certificates = new ListenerCertificates(sections, new ManualTimeProvider(), NullLogger.Instance);
        var stage = new PageStage(PageStage.Options("a"), certificates);
        stage.Probe("a", ok: true);
        return stage;
    }

    private static async Task<PageStage> InAsync(string state)
    {
        if (state == "all starting")
            return new PageStage(PageStage.Options("a", "b"));
        var stage = Healthy("a", "b");
        switch (state)
        {
            case "all unhealthy":
                stage.Probe("a", ok: false);
                stage.Probe("b", ok: false);
                break;
            case "all ejected or unhealthy":
                stage.Registry.Find("a")!.ReportEvidence(new Evidence(EvidenceKind.ResponseCut, "answer cut"));
                stage.Probe("b", ok: false);
                break;
            case "too few healthy":
                stage.Configuration.Replace(stage.Configuration.Options with { Health = new HealthOptions { MinHealthy = 2 } });
                stage.Probe("b", ok: false);
                break;
            case "stopping":
                stage.Drain.BeginDraining();
                break;
            case "port closed":
                await stage.Listener.DisposeAsync();
                break;
            case "request waits":
                _ = stage.Selector.WaitAsync(
                    () => [], stage.Time.GetTimestamp(), TimeSpan.FromHours(1), new TaskCompletionSource().Task, CancellationToken.None);
                Assert.Equal(1, stage.Selector.Waiting);
                break;
            case "request in flight":
                Assert.True(stage.Registry.Find("a")!.TryBeginRequest(out _));
                break;
        }

        return stage;
    }
}
