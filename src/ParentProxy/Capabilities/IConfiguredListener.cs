namespace ParentProxy.Capabilities;

/// <summary>A listener that comes and goes with the configuration.</summary>
internal interface IConfiguredListener : IAsyncDisposable
{
    /// <summary>The address as it is configured, by which a reload knows a listener that stays.</summary>
    string Name { get; }

    /// <summary>Whether the address is open and somebody takes what comes in, if not at this moment.</summary>
    bool IsOpen { get; }

    /// <summary>The listener as the admin pages show it.</summary>
    ListenerView View();

    /// <summary>Begins to accept, once in its life.</summary>
    void Start();

    /// <summary>Closes the address; what is in the accept queue is still served.</summary>
    Task StopAcceptingAsync();

    /// <summary>Waits until all connections are over; when the token fires, what is left is closed.</summary>
    Task StopAsync(CancellationToken cut);
}
