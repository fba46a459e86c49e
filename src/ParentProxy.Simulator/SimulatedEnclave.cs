using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ParentProxy.Simulator.Attestation;
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

    private SimulatedEnclave(
        WebApplication app, EnclaveState state, SimulatedAttester? attester, string endPoint, string? attestationEndPoint)
    {
        _app = app;
        _state = state;
        Attester = attester;
        EndPoint = endPoint;
        AttestationEndPoint = attestationEndPoint;
    }

    /// <summary>The URI to reach it at, with the real port.</summary>
    public string EndPoint { get; }

    /// <summary>
    /// The URI to reach the one-line JSON protocol at, with the real port; null without <see cref="AttesterOptions.Listen"/>.
    /// </summary>
    public string? AttestationEndPoint { get; }

    /// <summary>What makes its attestation documents; null without <see cref="SimulatorOptions.Attestation"/>.</summary>
    public SimulatedAttester? Attester { get; }

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
    /// <exception cref="IOException">An endpoint is in use, or the directory of the socket file is missing.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">An endpoint cannot be bound.</exception>
    public static async Task<SimulatedEnclave> StartAsync(SimulatorOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (http, lines) = options.Validate();
        foreach (var path in new[] { http.SocketPath, lines?.SocketPath }.OfType<string>())
            await UnixSocketFile.PrepareAsync(path, cancellationToken);

        var attester = options.Attestation is { } attestation ? new SimulatedAttester(attestation, options.TimeProvider) : null;
        ListenOptions? httpListener = null, lineListener = null;
        var app = SimulatorHost.Build(options, kestrel =>
        {
            httpListener = SimulatorHost.ListenForHttp(kestrel, http, options);
            if (lines is not null && attester is not null)
            {
                var server = new LineServer(attester, lines, options.TimeProvider);
                lineListener = SimulatorHost.ListenForLines(kestrel, lines, server, options);
            }
        });
        try
        {
            var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
            var state = new EnclaveState(options, lifetime.ApplicationStopping);
            EnclaveRoutes.Map(app, state, attester);
            await app.StartAsync(cancellationToken);
            return new SimulatedEnclave(
                app, state, attester, http.ToUri(httpListener!.EndPoint), lines?.ToUri(lineListener!.EndPoint));
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
