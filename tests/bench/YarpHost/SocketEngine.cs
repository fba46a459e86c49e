namespace ParentProxy.YarpHost;

/// <summary>
/// How the runtime's sockets report what is done: on the very thread that waits in epoll instead of by way of the thread
/// pool. A request takes several such hand-offs, and they cost more than parsing it does.
/// </summary>
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
