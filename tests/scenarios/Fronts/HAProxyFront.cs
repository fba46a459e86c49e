using System.Globalization;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Fronts;

/// <summary>HAProxy as a careful operator sets it up.</summary>
internal sealed class HAProxyFront : IFront, IReloadable
{
    /// <summary>Where Debian puts it.</summary>
    public const string Program = "/usr/sbin/haproxy";

    private const string Configuration = "haproxy.cfg";
    private const int User2 = 12;

    private readonly FrontProcess _process = new();

    private HAProxyFront()
    {
    }

    /// <inheritdoc/>
    public int Port { get; } = Ports.Next();

    /// <inheritdoc/>
    public IReadOnlyList<string> Log => _process.Lines;

    /// <summary>Starts it.</summary>
    public static async Task<IFront> StartAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var front = new HAProxyFront();
        try
        {
            await front.WriteAsync(backends, cancellationToken);
            await front._process.StartAsync(Program, ["-W", "-db", "-f", front._process.File(Configuration)], front.Port, cancellationToken);
            return front;
        }
        catch
        {
            await front.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task ReloadAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var before = Log.Count;
        await WriteAsync(backends, cancellationToken);
        _process.Signal(User2);
        await _process.UntilLineAsync("Loading success", "[ALERT]", before, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReloadBadlyAsync(CancellationToken cancellationToken)
    {
        var before = Log.Count;
        await _process.WriteAsync(Configuration, "backend enclaves\n  balance none\n", cancellationToken);
        _process.Signal(User2);
        await _process.UntilLineAsync("[ALERT]", null, before, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task WriteAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var servers = string.Join("\n  ", backends.Select(b => string.Create(
            CultureInfo.InvariantCulture, $"server {b.Name} 127.0.0.1:{b.Port} weight {b.Weight}")));
        return _process.WriteAsync(Configuration, $"""
            global
              nbthread 1
              maxconn 4096
              stats socket {_process.Folder}/admin.sock mode 600 level admin expose-fd listeners
              hard-stop-after 30s
            defaults
              mode http
              option http-keep-alive
              option forwardfor
              option redispatch
              http-reuse safe
              retries 3
              retry-on conn-failure empty-response
              timeout connect 2s
              timeout queue 5s
              timeout check 2s
              timeout client 300s
              timeout server 60s
              timeout http-request 30s
              timeout http-keep-alive 130s
            frontend clients
              bind 127.0.0.1:{Port} backlog 4096
              default_backend enclaves
            backend enclaves
              balance leastconn
              http-request disable-l7-retry if METH_POST
              option httpchk GET /health
              default-server check inter 5s fastinter 1s downinter 1s fall 2 rise 1 observe layer7 error-limit 3 on-error fastinter on-marked-down shutdown-sessions
              {servers}

            """, cancellationToken);
    }
}
