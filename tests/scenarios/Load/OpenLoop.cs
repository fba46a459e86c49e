using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Load;

/// <summary>Requests on a schedule, whatever becomes of those before: who waits for answers hides an outage.</summary>
internal sealed class OpenLoop(int port, RunClock clock)
{
    /// <summary>Requests per second.</summary>
    public const int Rate = 200;

    private const int PostsOfTen = 3;
    private const int PostBytes = 200;

    // Long beside every recovery that a bar allows.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<ClientConnection> _idle = new();
    private readonly ConcurrentBag<Sample> _samples = [];
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    /// <summary>What became of the requests that were due at zero or later.</summary>
    public IReadOnlyList<Sample> Samples => [.. _samples.Where(s => s.Scheduled >= TimeSpan.Zero).OrderBy(s => s.Scheduled)];

    /// <summary>Sends requests until then; the last of them may still be open.</summary>
    /// <returns>The end of all of them.</returns>
    public async Task<Task> RunAsync(TimeSpan until, CancellationToken cancellationToken)
    {
        var requests = new List<Task>();
        var first = clock.Now;
        for (var n = 0; ; n++)
        {
            var due = first + TimeSpan.FromSeconds((double)n / Rate);
            if (due >= until)
                return Task.WhenAll(requests);
            await clock.ReachAsync(due, cancellationToken);
            requests.Add(SendAsync(n, due, cancellationToken));
        }
    }

    private async Task SendAsync(int number, TimeSpan due, CancellationToken cancellationToken)
    {
        var isPost = number * PostsOfTen % 10 < PostsOfTen;
        var id = string.Create(CultureInfo.InvariantCulture, $"{_run}-{number}");
        var sent = clock.Now;
        var (outcome, enclave) = await ExchangeAsync(id, isPost, cancellationToken);
        _samples.Add(new Sample(id, isPost, due, sent, clock.Now, outcome, enclave));
    }

    private async Task<(Outcome Outcome, string? Enclave)> ExchangeAsync(string id, bool isPost, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        ClientConnection? connection = null;
        try
        {
            connection = TakeIdle() ?? await ClientConnection.ConnectAsync(port, patience.Token);
            return await connection.ExchangeAsync(id, isPost ? Post(id) : Get(id), patience.Token);
        }
        catch (SocketException)
        {
            return (Outcome.Reset, null);
        }
        catch (OperationCanceledException)
        {
            return (Outcome.Timeout, null);
        }
        finally
        {
            if (connection is { IsUsable: true })
                _idle.Enqueue(connection);
            else
                connection?.Dispose();
        }
    }

    private ClientConnection? TakeIdle()
    {
        while (_idle.TryDequeue(out var connection))
        {
            if (connection.IsUsable)
                return connection;
            connection.Dispose();
        }

        return null;
    }

    private static string Get(string id) => $"GET /r/{id} HTTP/1.1\r\nHost: scenario.test\r\n\r\n";

    private static string Post(string id) =>
        $"POST /r/{id} HTTP/1.1\r\nHost: scenario.test\r\nContent-Type: text/plain\r\n"
            + $"Content-Length: {PostBytes}\r\n\r\n{id.PadRight(PostBytes)}";
}
