using System.Collections.Concurrent;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Health;

/// <summary>
/// An application that serves so many connections at a time, each until it ends: the others wait in its accept queue. Servers
/// for development do so, and those with a thread or a process for each connection.
/// </summary>
internal sealed class FewAtATime : IAsyncDisposable
{
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly ConcurrentQueue<WireMessage> _probes = new();
    private readonly SemaphoreSlim _workers;
    private readonly ScriptedEnclave _scripted;

    /// <summary>Serves probes itself.</summary>
    /// <param name="workers">How many at a time.</param>
    /// <param name="serve">Answers a request; false when the connection ends.</param>
    public FewAtATime(int workers, Func<WireConnection, WireMessage, Task<bool>>? serve = null)
    {
        _workers = new SemaphoreSlim(workers);
        _scripted = ScriptedEnclave.Start(async connection =>
        {
            await _workers.WaitAsync();
            try
            {
                while (await ServeAsync(connection, await connection.ReadMessageAsync()))
                {
                }
            }
            finally
            {
                _workers.Release();
            }
        });

        async Task<bool> ServeAsync(WireConnection connection, WireMessage request)
        {
            if (request.StartLine.StartsWith("GET /health ", StringComparison.Ordinal))
            {
                _probes.Enqueue(request);
                if (await OnProbe(connection, request) is not { } answer)
                    return false;
                await connection.SendAsync(answer);
            }
            else if (serve is null)
            {
                await connection.SendAsync(Ok);
            }
            else if (!await serve(connection, request))
            {
                return false;
            }

            return request.Field("Connection") != "close";
        }
    }

    public string EndPoint => _scripted.EndPoint;

    /// <summary>Probes over connections that stay open.</summary>
    public int PooledProbes => _probes.Count(probe => probe.Field("Connection") is null);

    /// <summary>Probes over connections of their own.</summary>
    public int FreshProbes => _probes.Count(probe => probe.Field("Connection") == "close");

    /// <summary>The answer to a probe; null ends the connection.</summary>
    public Func<WireConnection, WireMessage, Task<string?>> OnProbe { get; set; } = (_, _) => Task.FromResult<string?>(Ok);

    public ValueTask DisposeAsync() => _scripted.DisposeAsync();
}
