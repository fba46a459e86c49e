using System.Text;
using ParentProxy.Endpoints;
using ParentProxy.Inside.Logs;
using ParentProxy.Tests.Inside.Bridges;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Logs;

public sealed class ParentLinesTests : IParentLineEvents, IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(50);

    private readonly ManualTimeProvider _time = new();
    private readonly BridgeBench _bench;
    private readonly LineQueue _queue = new(64 * 1024, _ => []);
    private readonly List<string> _events = [];
    private readonly List<string> _received = [];
    private readonly CancellationTokenSource _over = new();
    private readonly Task _sending;
    private volatile bool _isFull = true;
    private readonly ScriptedEnclave _parent;

    public ParentLinesTests()
    {
        _bench = new BridgeBench(_time);
        _parent = ScriptedEnclave.Start(
            async connection =>
            {
                while (!_isFull && await connection.ReadLineAsync() is { } line)
                {
                    lock (_received)
                        _received.Add(line);
                }
            },
            _bench.EndPoint("parent"));
        _sending = new ParentLines(
            EnclaveEndpoint.Unix(_bench.Path("parent")), _queue, _bench.Dialer, TimeSpan.FromSeconds(1), this, _time).RunAsync(_over.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _parent.DisposeAsync();
        _over.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task Run_ParentAcceptsAndClosesAtOnce_LinesWaitForOneThatTakesThemAndDialsBecomeRare()
    {
        Add("first");
        foreach (var delay in new[] { 100, 200, 400, 800, 1600 })
        {
            await PassAsync(TimeSpan.FromMilliseconds(delay));
            Assert.Equal(0, _queue.Taken);
        }

        Assert.DoesNotContain("connected", Events());
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(3.2));
        _isFull = false;
        await PassAsync(TimeSpan.FromSeconds(3.2));
        await PassAsync(Grace);

        await Eventually.TrueAsync(() => Received().SequenceEqual(["first"]));
    }

    [Fact]
    public async Task Run_Connected_IsToldOnlyWhenItLasts()
    {
        _isFull = false;
        Add("first");
        await PassAsync(Grace);
        await Eventually.TrueAsync(() => Received().Count == 1);
        Assert.Empty(Events());

        _time.Advance(TimeSpan.FromSeconds(4.95));

        Assert.Equal(["connected"], Events());
    }

    void IParentLineEvents.Connected() => Tell("connected");

    void IParentLineEvents.Disconnected(string reason) => Tell(reason);

    private void Tell(string what)
    {
        lock (_events)
            _events.Add(what);
    }

    private List<string> Events()
    {
        lock (_events)
            return [.. _events];
    }

    private List<string> Received()
    {
        lock (_received)
            return [.. _received];
    }

    private void Add(string line) => _queue.Add(Encoding.ASCII.GetBytes(line + "\n"), 1);

    private async Task PassAsync(TimeSpan time)
    {
        await _time.WaitForTimerAsync(time);
        _time.Advance(time);
    }
}
