using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Enclaves;

/// <summary>What a way to an enclave does around its dials, with the real clock: they take time.</summary>
public sealed class EnclaveConnectorTests
{
    private static readonly TimeSpan Connect = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_TakesAllOfItsTime_IsHeldAgainstTheEnclave(bool isProbed)
    {
        var enclave = Registry(new Dialer(DialException.TimedOut), isProbed).All[0];
        var connector = enclave.LeaseConnector()!;

        await Assert.ThrowsAsync<DialException>(() => connector.ConnectAsync(Connect, CancellationToken.None));

        Assert.Equal(isProbed, enclave.PendingEvidence is not null);
        Assert.Equal(isProbed ? EnclaveState.Starting : EnclaveState.Unhealthy, enclave.Status.State);
        Assert.Equal(1, enclave.Metrics.Connects.Read().Single(count => count.Name == DialException.Timeout).Count);
    }

    [Fact]
    public async Task Connect_GivenLessThanItsTime_SaysNothingOfTheEnclave()
    {
        var enclave = Registry(new Dialer(DialException.TimedOut)).All[0];
        var connector = enclave.LeaseConnector()!;

        await Assert.ThrowsAsync<DialException>(() => connector.ConnectAsync(Connect / 2, CancellationToken.None));

        Assert.Null(enclave.PendingEvidence);
    }

    [Fact]
    public async Task Dial_ForThisProgram_IsNeitherCountedNorEvidence()
    {
        var enclave = Registry(new Dialer(DialException.TimedOut)).All[0];
        var connector = enclave.LeaseConnector()!;

        await Assert.ThrowsAsync<DialException>(() => connector.DialAsync(connector.Endpoint, Connect, CancellationToken.None));

        Assert.Null(enclave.PendingEvidence);
        Assert.Empty(enclave.Metrics.Connects.Read());
    }

    [Fact]
    public async Task Connect_MoreAtATimeThanMayBe_WaitForTheirTurn()
    {
        var gate = new TaskCompletionSource();
        var dialer = new Dialer(gate.Task);
        var connector = Registry(dialer).All[0].LeaseConnector()!;

        var all = Enumerable.Range(0, connector.Routing.MaxDialsPerEnclave + 3)
            .Select(_ => connector.ConnectAsync(Connect, CancellationToken.None))
            .ToList();
        Assert.Equal(connector.Routing.MaxDialsPerEnclave, dialer.Dials);
        gate.SetResult();
        foreach (var stream in await Task.WhenAll(all))
            await stream.DisposeAsync();

        Assert.Equal((all.Count, 0), (dialer.Dials, connector.OpenConnections));
    }

    [Fact]
    public void Lease_OfARetiredOne_IsRefusedAndTheLastReleaseClosesItsPool()
    {
        var registry = Registry(new Dialer(DialException.TimedOut));
        var enclave = registry.All[0];
        Assert.True(enclave.TryBeginRequest(out var connector));
        var pool = connector.CreatePool(_ => new Pool());
        Assert.Same(pool, connector.CreatePool(_ => new Pool()));

        registry.Close();

        Assert.Equal((true, false), (pool.IsRetired, pool.IsDisposed));
        Assert.False(connector.TryLease());
        Assert.Null(enclave.LeaseConnector());
        Assert.False(enclave.TryBeginRequest(out _));
        enclave.EndRequest(connector);
        Assert.True(pool.IsDisposed);
        Assert.Equal(0, enclave.InFlight);
    }

    [Fact]
    public void Pool_MadeAfterTheRetirement_IsRetiredAtOnce()
    {
        var registry = Registry(new Dialer(DialException.TimedOut));
        var connector = registry.All[0].LeaseConnector()!;
        registry.Close();

        Assert.True(connector.CreatePool(_ => new Pool()).IsRetired);
    }

    private static EnclaveRegistry Registry(IEnclaveDialer dialer, bool isProbed = true)
    {
        string[] settings = [.. TestProxy.Enclave(0, "unix:/0"), $"Health:Probe:Enabled={isProbed}"];
        var options = ConfigurationLoader.Load(new ConfigurationSources
        {
            CommandLine = [.. settings.Select(setting => setting.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1]))],
            SystemFile = null,
            ShippedFile = null,
        }).Options!;
        options = options with { Timeouts = options.Timeouts with { Connect = Connect } };
        var meter = new EnclaveMeter(new Meter("test"));
        var registry = new EnclaveRegistry(
            new ActiveConfiguration(options), dialer, TimeProvider.System, meter, NullLogger<EnclaveRegistry>.Instance);
        registry.Apply(options);
        return registry;
    }

    /// <summary>Fails, or connects once it may.</summary>
    private sealed class Dialer : IEnclaveDialer
    {
        private readonly Func<EnclaveEndpoint, TimeSpan, Task<EnclaveStream>> _dial;
        private int _dials;

        public Dialer(Func<EnclaveEndpoint, TimeSpan, DialException> failure) =>
            _dial = (endpoint, timeout) => Task.FromException<EnclaveStream>(failure(endpoint, timeout));

        public Dialer(Task until) => _dial = async (_, _) =>
        {
            await until;
            return new EnclaveStream(new LoopSocket(
                new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), EnclaveStream.SocketOptions));
        };

        public int Dials => Volatile.Read(ref _dials);

        public Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _dials);
            return _dial(endpoint, timeout);
        }
    }

    private sealed class Pool : IConnectionPool
    {
        public bool IsRetired { get; private set; }

        public bool IsDisposed { get; private set; }

        public bool HasRoom => true;

        public int Idle => 0;

        public int Tunnels => 0;

        public int Queued => 0;

        public void Redispatch(DialException cause)
        {
        }

        public void Retire() => IsRetired = true;

        public void Dispose() => IsDisposed = true;
    }
}
