namespace ParentProxy.Health;

/// <summary>Where the program is on its way to the end.</summary>
internal sealed class DrainState
{
    private int _phase;

    /// <summary>The stop signal has come: health fails, the port still accepts.</summary>
    public bool IsDraining => Volatile.Read(ref _phase) >= 1;

    /// <summary>The port is closed: answers end their connections.</summary>
    public bool IsClosing => Volatile.Read(ref _phase) >= 2;

    /// <summary>The time for what is in flight is over: what is left is cut off.</summary>
    public bool IsCutting => Volatile.Read(ref _phase) >= 3;

    /// <summary>The stop signal has come.</summary>
    public void BeginDraining() => Volatile.Write(ref _phase, 1);

    /// <summary>The port has been closed.</summary>
    public void BeginClosing() => Volatile.Write(ref _phase, 2);

    /// <summary>What is left is about to be cut off.</summary>
    public void BeginCutting() => Volatile.Write(ref _phase, 3);
}
