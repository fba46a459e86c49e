namespace ParentProxy.Sockets;

/// <summary>What let others have their turn on an <see cref="EventLoop"/>.</summary>
internal interface IPostponed
{
    /// <summary>Its own turn has come. Called on the thread of the loop; must not throw or block.</summary>
    void GoOn();
}
