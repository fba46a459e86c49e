using System.Collections.Concurrent;
using ParentProxy.Runtime;

namespace ParentProxy.Enclaves;

/// <summary>A loop for every enclave of the registry, which begins with the enclave and ends with it.</summary>
/// <param name="registry">The enclaves.</param>
/// <param name="run">The loop of one; it ends when the enclave is retired.</param>
/// <param name="onChange">Called for every enclave when there may be others, or other settings.</param>
/// <param name="onFault">Without its loop an enclave would stay as it is for ever, and nobody would know.</param>
internal sealed class EnclaveLoops(
    EnclaveRegistry registry,
    Func<Enclave, CancellationToken, Task> run,
    Action<Enclave> onChange,
    Action<Enclave, Exception> onFault) : IAsyncDisposable
{
    private readonly Lock _starting = new();
    private readonly ConcurrentDictionary<Enclave, BackgroundLoop> _loops = new();

    /// <summary>Starts a loop for every enclave that there is, and follows the registry from now on.</summary>
    public void Start()
    {
        registry.Updated += Synchronize;
        Synchronize();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        registry.Updated -= Synchronize;
        await Task.WhenAll(_loops.Values.Select(loop => loop.DisposeAsync().AsTask()));
    }

    private void Synchronize()
    {
        lock (_starting)
        {
            foreach (var enclave in registry.All)
            {
                _loops.GetOrAdd(enclave, Begin);
                onChange(enclave);
            }
        }
    }

    private BackgroundLoop Begin(Enclave enclave)
    {
        var loop = new BackgroundLoop(ex => onFault(enclave, ex));
        loop.Start(async cancellationToken =>
        {
            try
            {
                await run(enclave, cancellationToken);
            }
            finally
            {
                _loops.TryRemove(enclave, out _);
            }
        });
        return loop;
    }
}
