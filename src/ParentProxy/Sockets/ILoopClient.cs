namespace ParentProxy.Sockets;

/// <summary>What an <see cref="EventLoop"/> watches a descriptor for.</summary>
internal interface ILoopClient
{
    /// <summary>What happened, as epoll(7) puts it. Called on the thread of the loop; must not throw or block.</summary>
    void OnEvents(uint events);
}
