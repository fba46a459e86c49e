using System.Runtime.InteropServices;

namespace ParentProxy.Sockets.Passing;

/// <summary>Who holds the listening sockets of a process beyond its end, and hands them to the next one.</summary>
internal interface IListenerKeeper
{
    /// <summary>Gives it a copy of a descriptor. Does nothing where it cannot be reached.</summary>
    /// <param name="name">What the next process gets it by.</param>
    /// <param name="socket">The descriptor.</param>
    void Keep(string name, SafeHandle socket);

    /// <summary>Has it close its copy of that name. Returns when it is closed, or after some seconds in which nobody answers.</summary>
    void Forget(string name);
}
