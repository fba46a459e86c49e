using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Attestation;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;
using ParentProxy.Trust;

namespace ParentProxy.Tests.Trust;

/// <summary>The loop of one enclave that nobody answers for, by a clock that a test moves.</summary>
public sealed class TrustWatchTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData("off")]
    [InlineData("enforce")]
    public async Task Run_EnclaveIsRemoved_Ends(string mode)
    {
        var configuration = new ActiveConfiguration(Options($"Attestation:Mode={mode}"));
        var (watch, enclave) = Watch(configuration);
        var started = _time.GetUtcNow();
        var run = watch.RunAsync(CancellationToken.None);
        Assert.False(run.IsCompleted);

        await EndAsync(run, enclave);

        // Without the pause before the next try.
        Assert.True(_time.GetUtcNow() - started < TimeSpan.FromSeconds(0.9));
    }

    [Theory]
    [InlineData("Retry:MaxAttempts=2", 1)]
    [InlineData("Attestation:Mode=observe", 2)]
    [InlineData("Attestation:Timeout=00:00:09", 2)]
    public async Task Follow_AfterAReload_AsksAnewOnlyWhatTheSectionChanges(string change, int questions)
    {
        var configuration = new ActiveConfiguration(Options("Attestation:Mode=enforce"));
        var (watch, enclave) = Watch(configuration);
        watch.Follow();
        var run = watch.RunAsync(CancellationToken.None);
        await Eventually.TrueAsync(() => enclave.Attestation is { Code: "ENOENT" });

        // Behind the shortest pause, it waits for the next try or for other settings.
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await Eventually.TrueAsync(() => _time.Timers == 1);
        var before = enclave.Status;
        configuration.Replace(Options("Attestation:Mode=enforce", change));
        watch.Follow();
        Assert.Equal(questions == 1, ReferenceEquals(before, enclave.Status));
        await Eventually.TrueAsync(() => questions == 1 || Questions(enclave) == questions);

        await EndAsync(run, enclave);
        Assert.Equal(questions, Questions(enclave));
    }

    private static long Questions(Enclave enclave) => enclave.Metrics.Attestations.Read().Sum(code => code.Count);

    private static ProxyOptions Options(params string[] settings) => ConfigurationLoader.Load(new ConfigurationSources
    {
        CommandLine =
        [
            new("Enclaves:0:Transport", "unix"),
            new("Enclaves:0:Path", "/nobody/listens/here"),
            new("Attestation:Pcrs:PCR0", new string('a', 96)),
            .. settings.Select(setting => setting.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1])),
        ],
        SystemFile = null,
        ShippedFile = null,
    }).Options!;

    private (TrustWatch Watch, Enclave Enclave) Watch(ActiveConfiguration configuration)
    {
        var options = configuration.Options;
        var registry = new EnclaveRegistry(
            configuration,
            new EnclaveDialer(options.Vsock, _time),
            _time,
            new EnclaveMeter(new Meter("test")),
            NullLogger<EnclaveRegistry>.Instance);
        registry.Apply(options);
        var enclave = registry.All[0];
        return (new TrustWatch(enclave, registry, new AttestationVerifier(_time), configuration, _time, NullLogger.Instance), enclave);
    }

    private async Task EndAsync(Task run, Enclave enclave)
    {
        enclave.Drain("removed");
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            return run.IsCompleted;
        });
        await run;
    }
}
