using System.Text;
using ParentProxy.Inside.Logs;

namespace ParentProxy.Tests.Inside.Logs;

public sealed class LineQueueTests
{
    private const int Bytes = 64 * 1024;

    private readonly LineQueue _queue = new(Bytes, lost => Encoding.ASCII.GetBytes($"{lost} lost\n"));

    [Fact]
    public void Add_MoreThanFits_KeepsTheFirstAndTellsHowManyWereLostAtTheirPlace()
    {
        const int Count = 20_000;
        for (var i = 0; i < Count; i++)
            Add($"line {i}");
        var (waiting, lost) = (_queue.Waiting, (int)_queue.Lost);
        Assert.InRange(waiting, Bytes / 2, Bytes);
        var lines = TakeAll();
        Add("next");
        lines.AddRange(TakeAll());

        var kept = Count - lost;
        Assert.Equal([.. Enumerable.Range(0, kept).Select(i => $"line {i}"), $"{lost} lost", "next"], lines);
        Assert.Equal((lost, kept + 2, 0), (_queue.Lost, _queue.Taken, _queue.Waiting));
    }

    [Fact]
    public void TryPeek_NothingComesAfterTheLoss_TellsItAllTheSame()
    {
        while (_queue.Lost == 0)
            Add(new string('x', 1000));

        Assert.Equal("1 lost", TakeAll()[^1]);
        Assert.Empty(TakeAll());
    }

    [Fact]
    public void Add_WhileItIsFull_TakesNothingUntilAQuarterIsFree()
    {
        while (_queue.Lost == 0)
            Add(new string('x', 1000));
        Take(9000);
        Add("too early");
        Assert.Equal(2, _queue.Lost);

        Take(20_000);
        Add("now");

        var lines = TakeAll();
        Assert.Equal(["2 lost", "now"], lines[^2..]);
    }

    [Fact]
    public void AddOwn_WhileItIsFull_HasRoom()
    {
        while (_queue.Lost == 0)
            Add(new string('x', 1000));

        _queue.AddOwn("exit code\n"u8);

        Assert.Equal(1, _queue.Lost);
        Assert.Contains("exit code", TakeAll());
    }

    [Fact]
    public void AddOwn_WithoutEnd_IsBounded()
    {
        for (var i = 0; i < 1000; i++)
            _queue.AddOwn(Encoding.ASCII.GetBytes(new string('x', 999) + "\n"));

        Assert.InRange(_queue.Waiting, Bytes, Bytes + LineQueue.OwnBytes);
        Assert.True(_queue.Lost > 800);
    }

    [Fact]
    public void Add_LineThatNeverFits_IsLost()
    {
        Add(new string('x', 2 * Bytes));
        Add("next");

        Assert.Equal(["1 lost", "next"], TakeAll());
    }

    [Fact]
    public async Task Wait_UntilSomethingComes_Completes()
    {
        var waiting = _queue.WaitAsync();
        Assert.False(waiting.IsCompleted);

        Add("line");

        await waiting;
        Assert.True(_queue.WaitAsync().IsCompletedSuccessfully);
        Assert.Equal(["line"], TakeAll());
        Assert.False(_queue.WaitAsync().IsCompleted);
    }

    [Fact]
    public async Task Complete_WakesWhoWaitsAndWhatStillComesIsTaken()
    {
        var waiting = _queue.WaitAsync();

        _queue.Complete();
        await waiting;
        await _queue.Completion;
        Add("late");

        Assert.Equal(["late"], TakeAll());
        Assert.True(_queue.WaitAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public void Clear_CountsWhatWaited()
    {
        Add("one");
        Add("two");
        Take("one\n".Length);

        Assert.Equal(1, _queue.Clear());
        Assert.Equal((0, 1, 1), (_queue.Waiting, _queue.Taken, _queue.Lost));
        Add("late");
        Assert.Equal(2, _queue.Lost);
    }

    private void Add(string line) => _queue.Add(Encoding.ASCII.GetBytes(line + "\n"), 1);

    private void Take(int bytes)
    {
        while (bytes > 0 && _queue.TryPeek(out var lines))
        {
            var count = Math.Min(bytes, lines.Length);
            _queue.Advance(count);
            bytes -= count;
        }
    }

    private List<string> TakeAll()
    {
        var text = new StringBuilder();
        while (_queue.TryPeek(out var lines))
        {
            text.Append(Encoding.ASCII.GetString(lines.Span));
            _queue.Advance(lines.Length);
        }

        return [.. text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
