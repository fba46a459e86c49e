namespace ParentProxy.Inside.Logs;

/// <summary>Is told how the connection to the parent's log fares.</summary>
internal interface IParentLineEvents
{
    /// <summary>There is one, and it lasts.</summary>
    void Connected();

    /// <summary>There is none, or none any more.</summary>
    void Disconnected(string reason);
}
