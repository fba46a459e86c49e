using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Telemetry.AccessLog;

public sealed class LineQueueTests
{
    private readonly ConcurrentQueue<(int Lines, string Why)> _dropped = new();

    [Fact]
    public async Task Add_FromManyThreads_WritesEveryLineWholeAndInOrder()
    {
        const int Threads = 8;
        const int Each = 5_000;
        var target = new MemoryTarget();
        await using (var queue = Queue(target))
        {
            Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
            {
                for (var i = 0; i < Each; i++)
                    queue.Add(Line(string.Create(CultureInfo.InvariantCulture, $"{thread} {i}")));
            });
            await queue.DisposeAsync();
            Assert.Equal((Threads * Each, 0), (queue.Written, queue.Dropped));
        }

        var lines = target.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).GroupBy(line => line.Split(' ')[0]);
        Assert.All(lines, thread => Assert.Equal(
            Enumerable.Range(0, Each), thread.Select(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture))));
        Assert.Empty(_dropped);
    }

    [Fact]
    public async Task Add_OneLine_IsWrittenWithoutAnotherOne()
    {
        var target = new MemoryTarget();
        await using var queue = Queue(target);

        queue.Add(Line("a"));

        await Eventually.TrueAsync(() => target.Text == "a\n" && queue.Written == 1);
    }

    [Fact]
    public async Task Add_TheTargetIsStuck_DropsAndCountsAndNeverWaits()
    {
        using var release = new ManualResetEventSlim();
        var target = new MemoryTarget { Before = release.Wait };
        await using var queue = Queue(target);
        var line = Line(new string('x', 1023));

        const int Lines = 50_000;
        for (var i = 0; i < Lines; i++)
            queue.Add(line);
        Assert.InRange(queue.Dropped, Lines - (3 * 8 * 1024), Lines - (8 * 1024));
        Assert.Contains("8 MiB", _dropped.First().Why, StringComparison.Ordinal);
        release.Set();
        await queue.DisposeAsync();

        Assert.Equal(Lines, queue.Written + queue.Dropped);
        Assert.Equal(queue.Dropped, _dropped.Sum(drop => drop.Lines));
        Assert.Equal(queue.Written, target.Text.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(InvalidOperationException))]
    public async Task Add_TheTargetFails_CountsTheLinesAndGoesOn(Type failure)
    {
        var fails = true;
        var target = new MemoryTarget
        {
            Before = () => { if (Volatile.Read(ref fails)) throw (Exception)Activator.CreateInstance(failure, "no space")!; },
        };
        await using var queue = Queue(target);
        queue.Add(Line("a"));
        queue.Add(Line("b"));
        await Eventually.TrueAsync(() => queue.Dropped == 2);

        Volatile.Write(ref fails, false);
        queue.Add(Line("c"));
        await queue.DisposeAsync();

        Assert.Equal("c\n", target.Text);
        Assert.Equal((1, 2), (queue.Written, queue.Dropped));
        Assert.All(_dropped, drop => Assert.Equal("no space", drop.Why));
    }

    [Fact]
    public async Task Add_AfterTheEnd_IsCounted()
    {
        var queue = Queue(new MemoryTarget());
        await queue.DisposeAsync();

        queue.Add(Line("a"));

        Assert.Equal((0, 1), (queue.Written, queue.Dropped));
    }

    [Fact]
    public async Task DisposeAsync_TheTargetIsStuck_Ends()
    {
        using var release = new ManualResetEventSlim();
        var target = new MemoryTarget { Before = release.Wait };
        var queue = Queue(target);
        queue.Add(Line("a"));

        await queue.DisposeAsync().AsTask().WaitAsync(TestDeadline.Value);

        Assert.Equal((0, false), (queue.Written, target.IsDisposed));
        release.Set();
        await Eventually.TrueAsync(() => queue.Written == 1 && target.IsDisposed);
        Assert.False(target.WasUsedAfterwards);
    }

    [Fact]
    public async Task DisposeAsync_LinesWait_WritesThemAndDisposesTheTarget()
    {
        var target = new MemoryTarget();
        var queue = Queue(target);
        queue.Add(Line("a"));

        await queue.DisposeAsync();

        Assert.Equal(("a\n", true), (target.Text, target.IsDisposed));
    }

    [Fact]
    public async Task DisposeAsync_NothingWasWritten_DisposesTheTarget()
    {
        var target = new MemoryTarget();

        await Queue(target).DisposeAsync();

        Assert.True(target.IsDisposed);
    }

    [Fact]
    public async Task DisposeAsync_TheTargetCannotBeClosed_EndsAllTheSame()
    {
        var target = new MemoryTarget { BeforeDispose = () => throw new InvalidOperationException() };
        var queue = Queue(target);
        queue.Add(Line("a"));

        await queue.DisposeAsync();

        Assert.Equal("a\n", target.Text);
    }

    [Fact]
    public async Task New_ByARequest_KeepsNothingOfIt()
    {
        var request = new AsyncLocal<string> { Value = "a request's" };
        string? seen = "nothing";
        var target = new MemoryTarget { Before = () => Volatile.Write(ref seen, request.Value) };
        await using var queue = Queue(target);

        queue.Add(Line("a"));
        await queue.DisposeAsync();

        Assert.Null(Volatile.Read(ref seen));
    }

    private static byte[] Line(string text) => Encoding.ASCII.GetBytes(text + "\n");

    private LineQueue Queue(MemoryTarget target) => new(target, (lines, why) => _dropped.Enqueue((lines, why)));

    private sealed class MemoryTarget : ILineTarget
    {
        private readonly StringBuilder _text = new();
        private bool _isDisposed;

        public Action? Before { get; init; }

        public Action? BeforeDispose { get; init; }

        public bool IsDisposed => Volatile.Read(ref _isDisposed);

        public bool WasUsedAfterwards { get; private set; }

        public string Text
        {
            get
            {
                lock (_text)
                    return _text.ToString();
            }
        }

        public void Write(ReadOnlySpan<byte> lines)
        {
            Before?.Invoke();
            WasUsedAfterwards |= IsDisposed;
            lock (_text)
                _text.Append(Encoding.ASCII.GetString(lines));
        }

        public void Dispose()
        {
            BeforeDispose?.Invoke();
            Volatile.Write(ref _isDisposed, true);
        }
    }
}
