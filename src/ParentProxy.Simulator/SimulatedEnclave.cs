using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ParentProxy.Simulator.Hosting;
using ParentProxy.Simulator.Listening;
using ParentProxy.Simulator.Routes;

namespace ParentProxy.Simulator;

/// <summary>
/// A simulated enclave: an HTTP application behind one endpoint, with every behaviour, good and bad, that a proxy has to
/// cope with. Several can run in one process; it neither logs nor listens for signals.
/// </summary>
public sealed class SimulatedEnclave : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly EnclaveState _state;

    private SimulatedEnclave(WebApplication app, EnclaveState state, string endPoint)
    {
        _app = app;
        _state = state;
        EndPoint = endPoint;
    }

    /// <summary>The URI to reach it at, with the real port.</summary>
    public string EndPoint { get; }

    /// <summary>What its responses carry as <c>X-Enclave</c>, from <see cref="SimulatorOptions.Name"/>.</summary>
    public string Name => _state.Name;

    /// <summary>Ordinary requests that arrived: all but <c>/health</c> and <c>/control</c>.</summary>
    public long Requests => _state.Requests;

    /// <summary>Requests for <c>/health</c> that arrived.</summary>
    public long HealthRequests => _state.HealthRequests;

    /// <summary>Whether <c>/health</c> answers 200 (else 503). True at first.</summary>
    public bool Healthy
    {
        get => _state.Healthy;
        set => _state.Healthy = value;
    }

    /// <summary>Starts an enclave; when the task completes it accepts connections.</summary>
    /// <param name="options">What it is to be.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">The options are wrong; the message names all mistakes.</exception>
    /// <exception cref="IOException">The endpoint is in use, or the directory of the socket file is missing.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The endpoint cannot be bound.</exception>
    public static async Task<SimulatedEnclave> StartAsync(SimulatorOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var address = options.Validate();
        if (address.SocketPath is { } path)
            await UnixSocketFile.PrepareAsync(path, cancellationToken);

        ListenOptions? listener = null;
        var app = SimulatorHost.Build(options, address, listen => listener = listen);
        try
        {
            var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
            var state = new EnclaveState(options, lifetime.ApplicationStopping);
            EnclaveRoutes.Map(app, state);
            await app.StartAsync(cancellationToken);
            return new SimulatedEnclave(app, state, address.ToUri(listener!.EndPoint));
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Stops: closes the listener, lets requests that make progress finish, for a few seconds at most, and ends those that only wait.
    /// </summary>
    /// <param name="cancellationToken">When cancelled, every connection is aborted, as when an enclave is terminated.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _app.StopAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped all the same, only not politely.
        }
    }

    /// <summary>Stops, unless that was done before.</summary>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
