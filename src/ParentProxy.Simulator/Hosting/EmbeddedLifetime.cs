using Microsoft.Extensions.Hosting;

namespace ParentProxy.Simulator.Hosting;

/// <summary>A simulated enclave lives inside another program: signals and Ctrl-C are that program's.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
