namespace ParentProxy.Sockets;

/// <summary>Who opened a <see cref="LoopListener"/>, and sets its limit.</summary>
internal interface IListenerOwner
{
    /// <summary>How many connections may be open. Asked for each new one.</summary>
    int MaxConnections { get; }

    /// <summary>The setting of <see cref="MaxConnections"/>.</summary>
    string MaxConnectionsSetting { get; }

    /// <summary>One connection was closed at once because too many are open.</summary>
    void CountRejected()
    {
    }

    /// <summary><see cref="LoopListener.Refusal"/> came or went.</summary>
    void OnRefusalChanged();
}
