using System.Globalization;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Fronts;

/// <summary>nginx as a careful operator sets it up.</summary>
internal sealed class NginxFront : IFront, IReloadable
{
    /// <summary>Where Debian puts it.</summary>
    public const string Program = "/usr/sbin/nginx";

    private const string Configuration = "nginx.conf";
    private const int HangUp = 1;

    private readonly FrontProcess _process = new();

    private NginxFront()
    {
    }

    /// <inheritdoc/>
    public int Port { get; } = Ports.Next();

    /// <inheritdoc/>
    public IReadOnlyList<string> Log => _process.Lines;

    /// <summary>Starts it.</summary>
    public static async Task<IFront> StartAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var front = new NginxFront();
        try
        {
            await front.WriteAsync(backends, cancellationToken);
            await front._process.StartAsync(Program, ["-e", "stderr", "-p", front._process.Folder, "-c", front._process.File(Configuration)], front.Port, cancellationToken);
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
        _process.Signal(HangUp);

        // Said before the new workers take over; what follows in a scenario is half a second away.
        await _process.UntilLineAsync("start worker process", "[emerg]", before, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReloadBadlyAsync(CancellationToken cancellationToken)
    {
        var before = Log.Count;
        await _process.WriteAsync(Configuration, "events { worker_connections none; }\n", cancellationToken);
        _process.Signal(HangUp);
        await _process.UntilLineAsync("[emerg]", null, before, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task WriteAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var directory = _process.Folder;
        var servers = string.Join("\n    ", backends.Select(b => string.Create(
            CultureInfo.InvariantCulture, $"server 127.0.0.1:{b.Port} weight={b.Weight} max_fails=1 fail_timeout=10s;")));
        return _process.WriteAsync(Configuration, $$"""
            daemon off;
            worker_processes 1;
            error_log stderr notice;
            pid {{directory}}/nginx.pid;
            events { worker_connections 8192; }
            http {
              access_log off;
              tcp_nodelay on;
              client_body_temp_path {{directory}}/client;
              proxy_temp_path {{directory}}/proxy;
              fastcgi_temp_path {{directory}}/fastcgi;
              uwsgi_temp_path {{directory}}/uwsgi;
              scgi_temp_path {{directory}}/scgi;
              upstream enclaves {
                zone enclaves 128k;
                least_conn;
                {{servers}}
                keepalive 256;
                keepalive_requests 100000;
                keepalive_timeout 60s;
              }
              server {
                listen 127.0.0.1:{{Port}} backlog=4096;
                keepalive_timeout 130s;
                keepalive_requests 100000;
                location / {
                  proxy_pass http://enclaves;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_set_header Host $http_host;
                  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                  proxy_connect_timeout 2s;
                  proxy_read_timeout 60s;
                  proxy_next_upstream error timeout http_502 http_503;
                  proxy_next_upstream_tries 3;
                }
              }
            }

            """, cancellationToken);
    }
}
