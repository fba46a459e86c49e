using Microsoft.Extensions.Hosting;

namespace ParentProxy.Runtime;

/// <summary>
/// The lifetime of a host inside this program: it starts and stops when it is told to. The default one listens for
/// signals by itself, which here would announce the stop to it before the drain has begun.
/// </summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
