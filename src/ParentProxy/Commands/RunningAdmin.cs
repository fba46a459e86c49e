using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;

namespace ParentProxy.Commands;

/// <summary>Where the running proxy is asked.</summary>
internal static class RunningAdmin
{
    /// <summary>
    /// <c>Admin</c> of a configuration, even of one with mistakes elsewhere: the running proxy may have refused this very one. The
    /// defaults where nothing usable stands there.
    /// </summary>
    public static AdminOptions Of(ConfigurationResult<ProxyOptions> loaded)
    {
        if (loaded.Options is { } options)
            return options.Admin;
        return loaded.Tree?.Child(nameof(ProxyOptions.Admin)).Child(nameof(AdminOptions.Url)).Value is { } url
            && ListenerAddress.Parse(url) is { Reason: null, Value: { SocketPath: null, Scheme: "http" } }
            ? new AdminOptions { Url = url }
            : new AdminOptions();
    }
}
