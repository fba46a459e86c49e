using System.Collections;
using System.Reflection;
using ParentProxy.Sockets;

namespace ParentProxy.Tests.Passthrough;

/// <summary>What the event loops of this process hold on to. They are shared with all tests that run at the same time.</summary>
internal static class LoopClients
{
    public static int Count()
    {
        const BindingFlags Private = BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        var loops = (Lazy<EventLoop[]>)typeof(EventLoop).GetField("Loops", Private)!.GetValue(null)!;
        var clients = typeof(EventLoop).GetField("_clients", Private)!;
        return loops.Value.Sum(loop => ((ICollection)clients.GetValue(loop)!).Count);
    }
}
