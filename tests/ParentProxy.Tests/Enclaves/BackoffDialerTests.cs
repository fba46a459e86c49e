using System.Net.Sockets;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Enclaves;

public sealed class BackoffDialerTests
{
    private static readonly EnclaveEndpoint Endpoint = EnclaveEndpoint.Unix("/queue.sock");
    private static readonly TimeSpan Plenty = TimeSpan.FromHours(1);

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDialer _script = new();
    private bool _isOut;

    [Fact]
    public async Task Dial_ResetTwice_SucceedsAtTheThird()
    {
        _script.Resets = 2;

        var dial = Dialer().DialAsync(Plenty, isPatient: true, CancellationToken.None);
        await AdvanceUntilAsync(() => dial.IsCompleted);

        await using var stream = await dial;
        Assert.Equal(3, _script.Dials);
    }

    [Fact]
    public async Task Dial_ResetForAQuarterOfASecondWithoutAnySuccess_FailsWithTheErrno()
    {
        _script.Resets = int.MaxValue;
        var started = _time.GetTimestamp();

        var dial = Dialer().DialAsync(Plenty, isPatient: true, CancellationToken.None);
        await AdvanceUntilAsync(() => dial.IsCompleted);

        Assert.Equal("ECONNRESET", (await Assert.ThrowsAsync<DialException>(() => dial)).Code);
        Assert.InRange(_time.GetElapsedTime(started), BackoffDialer.UsualPatience, BackoffDialer.UsualPatience * 2);
        Assert.InRange(_script.Dials, 4, 30);
    }

    [Fact]
    public async Task Dial_ResetWhileOthersComeThrough_GoesOn()
    {
        var dialer = Dialer();
        _script.Resets = int.MaxValue;
        var unlucky = dialer.DialAsync(Plenty, isPatient: true, CancellationToken.None);

        // Six times the patience, with one dial in between that finds a place in the queue.
        for (var i = 0; i < 12; i++)
        {
            var before = _script.Dials;
            await AdvanceUntilAsync(() => _script.Dials > before, atMost: BackoffDialer.UsualPatience / 2);
            _script.LetOneThrough = true;
            await using var lucky = await dialer.DialAsync(Plenty, isPatient: true, CancellationToken.None);
        }

        Assert.False(unlucky.IsCompleted);
        _script.Resets = 0;
        await AdvanceUntilAsync(() => unlucky.IsCompleted);
        await using var stream = await unlucky;
    }

    [Fact]
    public async Task Dial_ResetAndTheProbeFailed_IsNotRepeated()
    {
        _script.Resets = int.MaxValue;
        _isOut = true;

        await Assert.ThrowsAsync<DialException>(() => Dialer().DialAsync(Plenty, isPatient: true, CancellationToken.None));

        Assert.Equal(1, _script.Dials);
    }

    private BackoffDialer Dialer() => new(_script, Endpoint, () => _isOut, _time);

    private async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan? atMost = null)
    {
        var started = _time.GetTimestamp();
        await Eventually.TrueAsync(() =>
        {
            if (condition())
                return true;
            if (atMost is null || _time.GetElapsedTime(started) < atMost)
                _time.Advance(TimeSpan.FromMilliseconds(5));
            return false;
        });
    }

    private sealed class ScriptedDialer : IEnclaveDialer
    {
        private int _dials;
        private int _letThrough;

        public int Resets { get; set; }

        public int Dials => Volatile.Read(ref _dials);

        public bool LetOneThrough
        {
            set => Interlocked.Exchange(ref _letThrough, value ? 1 : 0);
        }

        public Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _dials) <= Resets && Interlocked.Exchange(ref _letThrough, 0) == 0)
                throw new DialException(endpoint, "ECONNRESET", "reset", "");
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            return Task.FromResult(Connected(socket));
        }

        private static EnclaveStream Connected(Socket socket)
        {
            using var directory = new TemporaryDirectory();
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            var endPoint = new UnixDomainSocketEndPoint(directory.File("s"));
            listener.Bind(endPoint);
            listener.Listen();
            socket.Connect(endPoint);
            return new EnclaveStream(new LoopSocket(socket, EnclaveStream.SocketOptions));
        }
    }
}
