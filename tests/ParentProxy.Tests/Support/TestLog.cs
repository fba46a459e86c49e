using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Tests.Support;

/// <summary>Keeps what was logged.</summary>
internal sealed class TestLog : ILoggerProvider
{
    private readonly ConcurrentQueue<Entry> _entries = new();

    /// <summary>Runs with each line, on the thread that writes it: what it finds is what is so when somebody reads the line.</summary>
    public Action<Entry>? WhenWritten { get; set; }

    /// <summary>Lines of our own categories, oldest first.</summary>
    public IReadOnlyList<Entry> Entries => [.. _entries];

    /// <summary>Lines of a level or above.</summary>
    public IReadOnlyList<Entry> AtLeast(LogLevel level) => [.. _entries.Where(entry => entry.Level >= level)];

    /// <summary>The line, once it is there: it may be written after the client has its answer.</summary>
    public async Task<Entry> WaitForAsync(Func<Entry, bool> condition)
    {
        Entry? found = null;
        await Eventually.TrueAsync(() => (found = Entries.FirstOrDefault(condition)) is not null, () => string.Join('\n', Entries));
        return found!;
    }

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, this);

    public void Dispose()
    {
    }

    internal sealed record Entry(string Category, LogLevel Level, string Message, Exception? Exception)
    {
        public override string ToString() => $"{Level} {Category}: {Message} {Exception}";
    }

    private sealed class Logger(string category, TestLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var entry = new Entry(category, logLevel, formatter(state, exception), exception);
            log.WhenWritten?.Invoke(entry);
            log._entries.Enqueue(entry);
        }
    }
}
