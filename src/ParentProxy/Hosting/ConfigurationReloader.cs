using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Runtime;
using ParentProxy.Sockets;
using ParentProxy.Telemetry;

namespace ParentProxy.Hosting;

/// <summary>
/// Reads the configuration anew when its file's content changed or on SIGHUP, and puts it into effect whole or not at
/// all. Looks at the content itself: that sees atomic renames and the symlink swaps of Kubernetes, and watches no directory.
/// </summary>
internal sealed class ConfigurationReloader(
    ConfigurationSources sources,
    byte[] seen,
    ActiveConfiguration configuration,
    ProxyServer server,
    Logging logging,
    ServiceManager manager,
    TimeProvider time,
    ILogger<ConfigurationReloader> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _asked = new(0, 1);
    private readonly BackgroundLoop _loop = new(ex => RuntimeLog.LoopFailed(logger, "watch of the configuration", ex));
    private PosixSignalRegistration? _hangUp;
    private byte[] _seen = seen;

    /// <summary>From when it returns on, SIGHUP reloads and no longer ends the program.</summary>
    public void Start()
    {
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            Ask();
        });
        _loop.Start(RunAsync);
    }

    /// <summary>Identifies the content that the sources have now.</summary>
    /// <param name="sources">The file, and what else is read at the start only.</param>
    /// <param name="named">The files that the configuration names, and that are read with it.</param>
    public static byte[] Fingerprint(ConfigurationSources sources, IReadOnlyList<string> named)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendFirst(hash, sources.CandidateFiles);
        foreach (var file in named)
            AppendFirst(hash, [file]);
        return hash.GetHashAndReset();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        _hangUp?.Dispose();
        _asked.Dispose();
    }

    /// <summary>Reads all sources and applies or refuses the result.</summary>
    /// <returns>Whether it was applied.</returns>
    public bool Reload()
    {
        manager.Reloading();
        try
        {
            var result = ConfigurationLoader.Load(sources);
            var file = Describe(result.File);
            if (result.Options is not { } options)
            {
                server.Reloads.Refused([.. result.Problems.Select(problem => problem.ToString())]);
                HostingLog.ReloadRefused(logger, file, string.Join("; ", result.Problems));
                return false;
            }

            var before = configuration.Options;
            var restart = RestartOnlyChanges.Between(before, options);
            if (restart.Count > 0)
                HostingLog.RestartNeeded(logger, string.Join(", ", restart));
            foreach (var warning in result.Warnings)
                HostingLog.ConfigurationWarning(logger, warning.Path, warning.Reason);

            // What needs a restart stays as it runs; else the next reload would compare with what never took effect.
            server.Apply(options with
            {
                Admin = before.Admin,
                Vsock = before.Vsock,
                Sections = before.Sections,
                Log = options.Log with { Format = before.Log.Format },
            });
            logging.Update(options);
            server.Reloads.Succeeded(result, restart);
            HostingLog.Reloaded(logger, file, server.Targets);
            return true;
        }
        catch (ListenException ex)
        {
            server.Reloads.Refused([ex.Message]);
            HostingLog.ReloadRefused(logger, server.Reloads.File ?? "no file", ex.Message);
            return false;
        }
        catch (Exception ex)
        {
            // A fault in here must not end the proxy, which serves with what it has.
            server.Reloads.Refused([ex.Message]);
            HostingLog.ReloadFailed(logger, ex);
            return false;
        }
        finally
        {
            manager.Reloaded();
        }
    }

    private static void AppendFirst(IncrementalHash hash, IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            try
            {
                hash.AppendData(File.ReadAllBytes(file));
                break;
            }
            catch (IOException)
            {
                // Not there, or about to be replaced: the next look tells.
            }
            catch (UnauthorizedAccessException)
            {
                break;
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var asked = await WaitAsync(cancellationToken);
            var named = configuration.Options.NamedFiles();
            var now = Fingerprint(sources, named);
            if (!asked && now.AsSpan().SequenceEqual(_seen))
                continue;
            Reload();

            // Other files that it names now were read with it.
            var next = configuration.Options.NamedFiles();
            _seen = next.SequenceEqual(named) ? now : Fingerprint(sources, next);
        }
    }

    // Where the next of the candidates was read, or none was there, the operator looks for the one that was.
    private string Describe(string? file) => server.Reloads.File is { } before && before != file
        ? $"{file ?? "no file"} ({before}, which it was read from before, is {(File.Exists(before) ? "passed over" : "gone")})"
        : file ?? "no file";

    private void Ask()
    {
        try
        {
            _asked.Release();
        }
        catch (SemaphoreFullException)
        {
            // The reload that was asked for before has not begun yet and will see everything.
        }
    }

    private async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await _asked.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
