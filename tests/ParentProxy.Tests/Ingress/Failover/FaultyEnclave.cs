using System.Collections.Concurrent;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Failover;

/// <summary>An enclave that reads requests whole, remembers them, and does with each what a test says.</summary>
internal sealed class FaultyEnclave : IAsyncDisposable
{
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly ConcurrentQueue<WireMessage> _requests = new();
    private readonly ScriptedEnclave _scripted;

    private FaultyEnclave(Func<WireConnection, WireMessage, Task<bool>> handle) => _scripted = ScriptedEnclave.Start(async connection =>
    {
        while (true)
        {
            var request = await connection.ReadMessageAsync();
            if (request.StartLine.StartsWith("GET /health ", StringComparison.Ordinal))
            {
                if (IsSilent)
                    await Task.Delay(Timeout.Infinite);
                await connection.SendAsync(Ok);
                continue;
            }

            _requests.Enqueue(request);
            if (!await handle(connection, request))
                return;
        }
    });

    public string EndPoint => _scripted.EndPoint;

    public IReadOnlyList<WireMessage> Requests => [.. _requests];

    public int Accepted => _scripted.Accepted;

    /// <summary>Whether probes get no answer any more.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Answers everything.</summary>
    public static FaultyEnclave Good() => new(async (connection, _) =>
    {
        await connection.SendAsync(Ok);
        return true;
    });

    /// <summary>Reads a request, says so much and ends the connection.</summary>
    public static FaultyEnclave Ending(string answer = "") => new(async (connection, _) =>
    {
        await connection.SendAsync(answer);
        return false;
    });

    /// <summary>Ends so many connections after their request and then answers.</summary>
    public static FaultyEnclave EndingFirst(int count)
    {
        var left = count;
        return new(async (connection, _) =>
        {
            if (Interlocked.Decrement(ref left) >= 0)
                return false;
            await connection.SendAsync(Ok);
            return true;
        });
    }

    /// <summary>Answers when the test lets it.</summary>
    public static FaultyEnclave Waiting(Task until) => new(async (connection, _) =>
    {
        await until;
        await connection.SendAsync(Ok);
        return true;
    });

    public ValueTask DisposeAsync() => _scripted.DisposeAsync();
}
