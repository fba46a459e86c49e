using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>What a process writes to one of its streams, line by line, and a way to wait for a line.</summary>
internal sealed class OutputLines
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = NewSignal();
    private bool _ended;

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    public override string ToString() => string.Join('\n', All);

    /// <summary>Takes a line, or null for the end.</summary>
    public void Add(string? line)
    {
        lock (_gate)
        {
            if (line is null)
                _ended = true;
            else
                _lines.Add(line);
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    /// <summary>The first line that holds the text; fails when the stream ends without it.</summary>
    public Task<string> WaitAsync(string text, int from = 0) =>
        WaitAsync(line => line.Contains(text, StringComparison.Ordinal), text, from);

    public async Task<string> WaitAsync(Func<string, bool> isWanted, string what, int from = 0)
    {
        using var patience = new CancellationTokenSource(TestDeadline.Value);
        for (var next = from; ;)
        {
            Task changed;
            lock (_gate)
            {
                for (; next < _lines.Count; next++)
                {
                    if (isWanted(_lines[next]))
                        return _lines[next];
                }

                if (_ended)
                    throw new InvalidOperationException($"The stream ended without '{what}':\n{string.Join('\n', _lines)}");
                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"No line with '{what}':\n{this}");
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
