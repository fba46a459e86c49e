using ParentProxy.Endpoints;
using ParentProxy.Runtime;

namespace ParentProxy.Configuration.Reading;

/// <summary>Where a listener is a unix socket: <c>unix:PATH</c>.</summary>
internal static class UnixAddress
{
    private const string Scheme = "unix:";

    /// <summary>An address as it is written, by its path.</summary>
    public static string Text(string path) => Scheme + path;

    /// <summary>Reads the path of one; binds nothing. Null when it is another kind of address.</summary>
    public static Parsed<string>? Parse(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var path = text[Scheme.Length..];
        if (EnclaveEndpoint.CheckPath(path) is { } reason)
            return new Mistake($"{Quoted.Text(text)}: {reason}");
        return FileKind.NotASocket(path) is { } other
            ? new Mistake($"{Quoted.Text(path)} is {other} and no socket, and left alone; name another path, or remove it")
            : path;
    }
}
