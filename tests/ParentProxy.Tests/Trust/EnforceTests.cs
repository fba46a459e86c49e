using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;
using ParentProxy.Simulator;
using ParentProxy.Simulator.Attestation;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Trust;

/// <summary>Who gets traffic, and who loses it, with <c>Attestation:Mode=enforce</c>.</summary>
public sealed class EnforceTests : IAsyncLifetime
{
    private readonly SimulatedPki _pki = SimulatedPki.Create();
    private readonly TemporaryDirectory _folder = new();
    private SimulatedEnclave _good = null!;
    private SimulatedEnclave _other = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(RootFile, _pki.RootPem);
        _good = await StartAsync("good");
        _other = await StartAsync("other");
    }

    public async ValueTask DisposeAsync()
    {
        await _good.DisposeAsync();
        await _other.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<AttestationFault, string> Faults => new()
    {
        { AttestationFault.OtherImage, "pcr-mismatch" },
        { AttestationFault.Debug, "debug-mode" },
        { AttestationFault.Stale, "freshness" },
        { AttestationFault.Replay, "nonce" },
        { AttestationFault.WrongNonce, "nonce" },
        { AttestationFault.NoNonce, "nonce" },
        { AttestationFault.OtherRoot, "untrusted-root" },
        { AttestationFault.ExpiredLeaf, "validity" },
        { AttestationFault.BadSignature, "cose-signature" },
        { AttestationFault.Nitrotpm, "wrong-document-type" },
        { AttestationFault.Error, "refused" },
        { AttestationFault.NotJson, "protocol" },
        { AttestationFault.Empty, "protocol" },
        { AttestationFault.Cut, "protocol" },
        { AttestationFault.TwoObjects, "protocol" },
        { AttestationFault.Huge, "too-large" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task FromTheStart_OneThatCannotProveItself_GetsNothing_AndTheGoodOneServes(AttestationFault fault, string reason)
    {
        _other.Attester!.Image = "good";

        // What it replays was made for somebody.
        _other.Attester.Attest();
        _other.Attester.Fault = fault;
        await using var proxy = await StartProxyAsync("http");

        await proxy.WaitForStateAsync("0", "healthy");
        await proxy.WaitForStateAsync("1", "untrusted");
        Assert.Equal(reason, Reason(await proxy.EnclaveAsync("1")));
        await AllGoToTheGoodOneAsync(proxy, 6);
        var metrics = await proxy.Admin.GetStringAsync("/metrics");
        Assert.Equal(1, Sample(metrics, "parentproxy_enclave_state", "enclave=\"1\"", "state=\"untrusted\""));
        Assert.Equal(1, Sample(metrics, "parentproxy_attestation_verdict", "enclave=\"0\"", "verdict=\"verified\""));
        Assert.True(Sample(metrics, "parentproxy_attestation_checks_total", "enclave=\"1\"", $"result=\"{reason}\"") >= 1);
    }

    [Theory]
    [InlineData("jsonl", AttestationFault.OtherImage, "pcr-mismatch")]
    [InlineData("jsonl", AttestationFault.Error, "refused")]
    [InlineData("jsonl", AttestationFault.TwoObjects, "protocol")]
    public async Task OverJsonLines_TheSame(string protocol, AttestationFault fault, string reason)
    {
        _other.Attester!.Fault = fault;
        await using var proxy = await StartProxyAsync(protocol, $"Attestation:Port={Port(_other.AttestationEndPoint!)}");

        // One port for all: each enclave has an address of its own elsewhere.
        await proxy.WaitForStateAsync("1", "untrusted");
        Assert.Equal(reason, Reason(await proxy.EnclaveAsync("1")));
        _other.Attester.Fault = AttestationFault.None;
        await proxy.WaitForStateAsync("1", "untrusted");
    }

    [Fact]
    public async Task OneThatTurnsBad_LosesItsTrafficAtTheNextCheck_AndReturnsWhenItIsGoodAgain()
    {
        await using var proxy = await StartProxyAsync(
            "http", "Attestation:Interval=00:00:00.100", $"Attestation:Pcrs:0:1={_other.Attester!.Pcrs[0]}");
        await proxy.WaitForStateAsync("1", "healthy");
        await proxy.WaitForStateAsync("0", "healthy");
        var whenSaid = new ConcurrentQueue<(string, EnclaveState, bool)>();
        proxy.Log.WhenWritten = entry =>
        {
            if (entry.Message.StartsWith("Attestation of enclave 1 ", StringComparison.Ordinal))
            {
                var enclave = proxy.Server.Registry.Find("1")!;
                whenSaid.Enqueue((
                    entry.Message.Split(": ")[1],
                    enclave.Status.State,
                    enclave.Metrics.Attestations.Read().Any(result => result.Name == "pcr-mismatch")));
            }
        };

        _other.Attester.Image = "changed behind our back";
        await proxy.WaitForStateAsync("1", "untrusted");
        await AllGoToTheGoodOneAsync(proxy, 6);
        await proxy.Log.WaitForAsync(entry =>
            entry.Level == LogLevel.Warning && entry.Message.Contains("Attestation of enclave 1", StringComparison.Ordinal)
            && entry.Message.Contains("rejected: PCR0 is", StringComparison.Ordinal));

        _other.Attester.Image = "other";
        await proxy.WaitForStateAsync("1", "healthy");
        await Eventually.TrueAsync(() => whenSaid.Count == 2);
        Assert.Equal([("rejected", EnclaveState.Untrusted, true), ("verified", EnclaveState.Healthy, true)], whenSaid);
    }

    [Fact]
    public async Task OneThatGivesNoDocumentAnyMore_StaysUntilTheLastOneIsTooOld()
    {
        await using var proxy = await StartProxyAsync(
            "http", "Attestation:Interval=00:00:00.100", "Attestation:MaxAge=00:00:01", $"Attestation:Pcrs:0:1={_other.Attester!.Pcrs[0]}");
        await proxy.WaitForStateAsync("1", "healthy");

        _other.Attester.Fault = AttestationFault.Error;
        await Eventually.TrueAsync(async () => Reason(await proxy.EnclaveAsync("1")) == "refused");
        await proxy.WaitForStateAsync("1", "untrusted");
        Assert.Contains("Attestation:MaxAge", (await proxy.EnclaveAsync("1")).GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneThatHangs_LosesItsTrafficAtMaxAge_HoweverLongOneAnswerMayTake()
    {
        await using var proxy = await StartProxyAsync(
            "http", "Attestation:Interval=00:00:00.100", "Attestation:MaxAge=00:00:01", "Attestation:Timeout=00:10:00",
            $"Attestation:Pcrs:0:1={_other.Attester!.Pcrs[0]}");
        await proxy.WaitForStateAsync("1", "healthy");

        _other.Attester.SlowPause = TimeSpan.FromHours(1);
        _other.Attester.Fault = AttestationFault.Slow;
        await proxy.WaitForStateAsync("1", "untrusted");
        Assert.Contains("Attestation:MaxAge", (await proxy.EnclaveAsync("1")).GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneThatWasOut_IsVerifiedAnewBeforeItsNextRequest()
    {
        await using var proxy = await StartProxyAsync(
            "http", "Health:Probe:Interval=00:00:00.100", $"Attestation:Pcrs:0:1={_other.Attester!.Pcrs[0]}");
        await proxy.WaitForStateAsync("1", "healthy");
        var before = _other.Attester.Documents;

        // Another image comes back.
        _other.Healthy = false;
        await proxy.WaitForStateAsync("1", "unhealthy");
        _other.Attester.Image = "changed behind our back";
        _other.Healthy = true;
        await proxy.WaitForStateAsync("1", "untrusted");
        await Eventually.TrueAsync(async () => Reason(await proxy.EnclaveAsync("1")) == "pcr-mismatch");
        Assert.True(_other.Attester.Documents > before);
        await AllGoToTheGoodOneAsync(proxy, 4);
    }

    [Fact]
    public async Task PinsThatAreTakenAway_TakeTheEnclaveOut_AndAddedOnesKeepAllTraffic()
    {
        await using var proxy = await StartProxyAsync("http", $"Attestation:Pcrs:0:1={_other.Attester!.Pcrs[0]}");
        await proxy.WaitForStateAsync("0", "healthy");
        await proxy.WaitForStateAsync("1", "healthy");

        // At once: what was verified is judged anew, without another document.
        proxy.Apply($"Attestation:Pcrs:0:2={new string('a', 96)}");
        Assert.Equal(("healthy", "healthy"), (await StateAsync(proxy, "0"), await StateAsync(proxy, "1")));
        proxy.ApplyWithout("Attestation:Pcrs", $"Attestation:Pcrs:0:0={_good.Attester!.Pcrs[0]}");
        Assert.Equal(("healthy", "untrusted"), (await StateAsync(proxy, "0"), await StateAsync(proxy, "1")));

        await AllGoToTheGoodOneAsync(proxy, 4);
    }

    [Fact]
    public async Task PinsThatChangeWhileAnEnclaveGivesNoDocument_DoNotHideThat()
    {
        await using var proxy = await StartProxyAsync(
            "http", "Attestation:Interval=00:00:00.100", $"Attestation:Pcrs:0:1={_other.Attester!.Pcrs[0]}");
        await proxy.WaitForStateAsync("1", "healthy");
        _other.Attester.Fault = AttestationFault.Error;
        await Eventually.TrueAsync(async () => Reason(await proxy.EnclaveAsync("1")) == "refused");

        proxy.Apply($"Attestation:Pcrs:0:2={new string('a', 96)}");
        Assert.Equal("refused", Reason(await proxy.EnclaveAsync("1")));
        Assert.Equal("healthy", await StateAsync(proxy, "1"));
    }

    [Fact]
    public async Task ModeObserve_ShowsTheVerdict_AndTakesNobodyOut_AndEnforceDoesSoAtOnce()
    {
        await using var proxy = await StartProxyAsync("http", "Attestation:Mode=observe");
        await Eventually.TrueAsync(async () => Reason(await proxy.EnclaveAsync("1")) == "pcr-mismatch");
        await proxy.WaitForStateAsync("1", "healthy");
        await Eventually.TrueAsync(async () => Verdict(await proxy.EnclaveAsync("0")) == "verified");
        Assert.Equal("custom", (await proxy.EnclaveAsync("0")).GetProperty("attestation").GetProperty("trust").GetString());

        proxy.Apply("Attestation:Mode=enforce");
        Assert.Equal(("healthy", "untrusted"), (await StateAsync(proxy, "0"), await StateAsync(proxy, "1")));
        proxy.Apply("Attestation:Mode=off");
        await proxy.WaitForStateAsync("1", "healthy");
        Assert.Equal(JsonValueKind.Null, (await proxy.EnclaveAsync("1")).GetProperty("attestation").ValueKind);
        Assert.DoesNotContain("parentproxy_attestation_verdict", await proxy.Admin.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReloadsWhileVerdictsChange_NeverBlockEachOther()
    {
        await using var proxy = await StartProxyAsync(
            "http", "Attestation:Interval=00:00:00.001", $"Attestation:Pcrs:0:1={_other.Attester!.Pcrs[0]}");

        for (var i = 0; i < 100; i++)
        {
            _other.Attester.Image = i % 2 == 0 ? "changed" : "other";
            await Task.Run(() => proxy.Apply($"Attestation:MaxAge=00:{5 + (i % 2):00}:00")).WaitAsync(TestDeadline.Value);
        }

        await proxy.WaitForStateAsync("0", "healthy");
        await proxy.WaitForStateAsync("1", "healthy");
    }

    [Fact]
    public async Task ModeSetToOffWhileAQuestionIsOut_LetsItIn()
    {
        _other.Attester!.Fault = AttestationFault.Slow;
        await using var proxy = await StartProxyAsync("http", "Attestation:Timeout=00:00:00.500");
        await proxy.WaitForStateAsync("1", "untrusted");

        proxy.Apply("Attestation:Mode=off");
        await proxy.WaitForStateAsync("1", "healthy");
        _other.Attester.Fault = AttestationFault.None;
        proxy.Apply("Attestation:Mode=observe");
        await Eventually.TrueAsync(async () => Verdict(await proxy.EnclaveAsync("1")) == "rejected");
        Assert.Equal("healthy", await StateAsync(proxy, "1"));
    }

    [Fact]
    public async Task DebugModeThatIsAllowed_GetsTraffic()
    {
        _other.Attester!.Debug = true;
        await using var proxy = await StartProxyAsync("http", "Attestation:AllowDebug=true");

        await proxy.WaitForStateAsync("1", "healthy");
        Assert.Equal("unpinned", Verdict(await proxy.EnclaveAsync("1")));
    }

    [Fact]
    public async Task WithoutProbes_TheFirstDocumentLetsItIn()
    {
        await using var proxy = await StartProxyAsync("http", "Health:Probe:Enabled=false");

        await proxy.WaitForStateAsync("0", "healthy");
        await proxy.WaitForStateAsync("1", "untrusted");
        await AllGoToTheGoodOneAsync(proxy, 4);
    }

    [Fact]
    public async Task NobodyIsTrusted_RequestsGet503()
    {
        _good.Attester!.Fault = AttestationFault.BadSignature;
        await using var proxy = await StartProxyAsync("http", "Retry:WaitForEnclave=00:00:00.100");

        Assert.Equal(503, (int)(await proxy.Http.GetAsync("/echo")).StatusCode);
        Assert.Equal("unhealthy", (await proxy.HealthAsync()).GetProperty("status").GetString());
    }

    private static double Sample(string metrics, string name, params string[] labels)
    {
        var line = metrics.Split('\n').Single(line =>
            line.StartsWith($"{name}{{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    private static string? Reason(JsonElement enclave) => Of(enclave, "reason");

    private static string? Verdict(JsonElement enclave) => Of(enclave, "verdict");

    private static string? Of(JsonElement enclave, string name) =>
        enclave.GetProperty("attestation") is { ValueKind: JsonValueKind.Object } attestation
            ? attestation.GetProperty(name).GetString()
            : null;

    private static async Task<string?> StateAsync(TestProxy proxy, string id) =>
        (await proxy.EnclaveAsync(id)).GetProperty("state").GetString();

    private static string Port(string endPoint) => endPoint[(endPoint.LastIndexOf(':') + 1)..];

    /// <summary>The root that both have in common.</summary>
    private string RootFile => _folder.File("root.pem");

    private static async Task AllGoToTheGoodOneAsync(TestProxy proxy, int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var response = await proxy.Http.GetAsync("/echo");
            Assert.Equal("good", response.Headers.GetValues("X-Enclave").Single());
        }
    }

    private Task<SimulatedEnclave> StartAsync(string name) => SimulatedEnclave.StartAsync(new SimulatorOptions
    {
        Listen = "tcp://127.0.0.1:0",
        Name = name,
        Attestation = new AttesterOptions { Pki = _pki, Image = name, Listen = "tcp://127.0.0.1:0" },
    });

    /// <summary>In front of both, with the image of the good one pinned.</summary>
    private Task<TestProxy> StartProxyAsync(string protocol, params string[] settings) => TestProxy.StartAsync(
    [
        .. TestProxy.Enclave(0, _good.EndPoint),
        .. TestProxy.Enclave(1, _other.EndPoint),
        "Attestation:Mode=enforce",
        $"Attestation:Protocol={protocol}",
        $"Attestation:Root={RootFile}",
        $"Attestation:Pcrs:0:0={_good.Attester!.Pcrs[0]}",
        .. settings,
    ]);
}
