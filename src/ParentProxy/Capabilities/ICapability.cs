using System.Diagnostics.Metrics;
using ParentProxy.Configuration;

namespace ParentProxy.Capabilities;

/// <summary>
/// A part of the proxy that no other part needs to know of. Composition lists them in the order in which they open and
/// end; a step is over for all of them before the next one begins. Each has a part in the steps that concern it.
/// </summary>
internal interface ICapability : IAsyncDisposable
{
    /// <summary>Its part of the status page; null when it has none.</summary>
    IStatusSection? StatusSection => null;

    /// <summary>The addresses that it listens on for clients.</summary>
    IReadOnlyList<string> EndPoints => [];

    /// <summary>The listeners behind <see cref="EndPoints"/>, at this moment.</summary>
    IReadOnlyList<ListenerView> Listeners => [];

    /// <summary>Whether every address of its own is open; at a limit connections may wait all the same.</summary>
    bool IsOpen => true;

    /// <summary>Why not every new connection is let in; null while they are.</summary>
    string? Refusal => null;

    /// <summary>Adds what it measures to the meter of the proxy; before the start.</summary>
    void AddInstruments(Meter meter)
    {
    }

    /// <summary>Begins what takes a while and needs no listener.</summary>
    void Begin()
    {
    }

    /// <summary>Opens its listeners, or begins what is of use only once those before it in the list are open.</summary>
    Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until it knows what the first request needs; the service is not called up before.</summary>
    Task FirstRoundAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Does for a configuration what can fail, before it is in effect: <see cref="Apply"/> or <see cref="Abandon"/> follows. Never two at
    /// a time.
    /// </summary>
    /// <exception cref="Exception">It cannot take effect; the message is for an operator.</exception>
    void Prepare(ProxyOptions options)
    {
    }

    /// <summary>Undoes what <see cref="Prepare"/> has done, all of it or a part.</summary>
    void Abandon()
    {
    }

    /// <summary>Takes over a configuration that is in effect; the registry follows when all have. Never two at a time.</summary>
    void Apply(ProxyOptions options)
    {
    }

    /// <summary>The stop signal has come: what no client waits for is not begun any more.</summary>
    void BeginDraining()
    {
    }

    /// <summary>
    /// Waits until what is in flight by now is over, while its ports go on accepting: where they outlive the process, what comes in
    /// meanwhile need not wait for the next one.
    /// </summary>
    /// <param name="grace">How long a connection that is idle has for another request.</param>
    /// <param name="over">Fires when the time for it is over.</param>
    Task FinishOlderAsync(TimeSpan grace, CancellationToken over) => Task.CompletedTask;

    /// <summary>Closes its ports, or leaves them to the next process; what was accepted is still served.</summary>
    Task StopAcceptingAsync() => Task.CompletedTask;

    /// <summary>Waits for what is in flight.</summary>
    /// <param name="cut">Fires when the time for it is over: what is left is aborted.</param>
    Task StopAsync(CancellationToken cut) => Task.CompletedTask;
}
