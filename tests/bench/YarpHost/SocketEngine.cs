namespace ParentProxy.YarpHost;

/// <summary>
/// How the runtime's sockets report what is done: on the very thread that waits in epoll instead of by way of the thread
/// pool. A request takes several such hand-offs, and they cost more than parsing it does.
/// </summary>
/// <remarks>
/// For this nothing on a request's way may block its thread: a file that is read, a console that is written to, a wait for
/// a task would hold up every connection of that thread. Logging goes through a queue for the same reason. There is one
/// such thread per core then, by the runtime's own rule; one for two cores cost as much per request and served fewer.
/// </remarks>
internal static class SocketEngine
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>
    /// Whether continuations run on the thread that waits for the sockets. Kestrel has to do its part then: either setting
    /// alone makes things slower.
    /// </summary>
    public static bool RunsInline => Environment.GetEnvironmentVariable(InlineCompletions) is { } value
        && (value == "1" || value.Equals("true", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Sets what the environment leaves open. The runtime knows no other place for it and looks once, at the first socket.
    /// </summary>
    public static void Configure()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
    }
}
