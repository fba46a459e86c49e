using System.Globalization;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>What tells that an application serves.</summary>
/// <param name="Endpoint">Where it is asked: TCP, or a unix socket.</param>
/// <param name="Path">The path that a GET must answer with a status from 200 to 399; null when a connection is enough.</param>
internal sealed record ReadinessOptions(EnclaveEndpoint Endpoint, string? Path)
{
    /// <summary>Reads <c>http://HOST:PORT/PATH</c>, <c>tcp://HOST:PORT</c>, <c>HOST:PORT</c> or <c>unix:PATH</c>.</summary>
    public static Parsed<ReadinessOptions> Parse(string text)
    {
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
                return new Mistake($"{Quoted.Text(text)} is not of the form http://HOST:PORT/PATH");
            return InsideTarget.WithAddress(EnclaveEndpoint.Tcp(uri.IdnHost.Trim('[', ']'), (uint)uri.Port))
                .Select(endpoint => new ReadinessOptions(endpoint, uri.PathAndQuery));
        }

        return InsideTarget.Parse(text) is { Reason: null, Value: { Transport: EnclaveTransport.Tcp or EnclaveTransport.Unix } endpoint }
            ? new ReadinessOptions(endpoint, null)
            : new Mistake($"{Quoted.Text(text)} is none of http://HOST:PORT/PATH, HOST:PORT and unix:PATH");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Path is null ? Endpoint.ToString() : string.Create(CultureInfo.InvariantCulture, $"http://{Endpoint.Host}:{Endpoint.Port}{Path}");
}
