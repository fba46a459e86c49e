using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.Hosting;
using ParentProxy.Simulator;
using ParentProxy.Sockets;

namespace ParentProxy.Commands;

/// <summary><c>parent-proxy demo</c>: two simulated enclaves and the proxy in front, on any machine.</summary>
internal static class DemoCommand
{
    private static readonly string[] Names = ["demo-a", "demo-b"];

    /// <summary>Serves until a signal comes.</summary>
    /// <param name="settings">Settings of the command line, which win over those of the demo.</param>
    /// <param name="isInside">Whether this program is in the enclaves, too, before each simulated application.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<KeyValuePair<string, string>> settings, bool isInside, CancellationToken cancellationToken)
    {
        DirectoryInfo? folder = null;
        var enclaves = new List<IAsyncDisposable>();
        try
        {
            folder = Directory.CreateTempSubdirectory("parent-proxy-demo-");
            var demo = new List<KeyValuePair<string, string>>
            {
                // Nobody else's machine is to meet the demo.
                new("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:6300"),
            };
            foreach (var (i, name) in Names.Index())
            {
                var path = Path.Combine(folder.FullName, $"{name}.sock");
                var application = isInside ? Path.Combine(folder.FullName, $"{name}-app.sock") : path;
                var options = new SimulatorOptions { Listen = $"unix:{application}", Name = name };
                enclaves.Add(await SimulatedEnclave.StartAsync(options, cancellationToken));
                if (isInside)
                    enclaves.Add(new DemoBridge(path, application));
                demo.Add(new($"Enclaves:{i}:Name", name));
                demo.Add(new($"Enclaves:{i}:Transport", "unix"));
                demo.Add(new($"Enclaves:{i}:Path", path));
            }

            // Nothing of this machine's configuration takes part.
            var sources = new ConfigurationSources { CommandLine = [.. demo, .. settings], SystemFile = null, ShippedFile = null };
            return await RunCommand.RunAsync(sources, Explain);
        }
        catch (Exception ex) when (
            ex is IOException or UnauthorizedAccessException or ArgumentException or SocketException or ListenException)
        {
            await Console.Error.WriteLineAsync(
                $"parent-proxy: the demo needs a folder for its sockets, and {Path.GetTempPath()} does not do: "
                + $"{ex.Message} Set TMPDIR to another one.");
            return ExitCode.Failed;
        }
        finally
        {
            foreach (var enclave in enclaves.AsEnumerable().Reverse())
                await enclave.DisposeAsync();
            folder?.Delete(recursive: true);
        }
    }

    private static void Explain(ProxyServer server)
    {
        var url = server.Ingress.EndPoints[0];
        Console.WriteLine($"""

            Two simulated enclaves are running, with the proxy in front of them. Try, in another terminal:

              curl {url}/health                    how the whole is, as a load balancer sees it
              curl {url}/echo                      a request, answered by one of the enclaves
              curl -N '{url}/stream?count=5&ms=500'  server-sent events
              curl '{url}/attestation?nonce=hello'   what an application outside an enclave answers
              curl {server.AdminEndPoint}/health         every enclave: state, since when, why, last probe
              curl {server.AdminEndPoint}/metrics        what a Prometheus reads
              {server.AdminEndPoint}/                    all of it, in a browser
              curl '{url}/control/healthy?value=false'  make one of them fail its probe, then look again

            Ctrl-C stops it.

            """);
    }
}
