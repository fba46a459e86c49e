namespace ParentProxy.Configuration;

/// <summary>What a probe does.</summary>
internal enum ProbeType
{
    /// <summary>A GET request, judged by status and body.</summary>
    Http,

    /// <summary>The same over TLS. The certificate is not judged: it is asked whether the application is well, not who it is.</summary>
    Https,

    /// <summary>A dial alone, handshake included: healthy when it succeeds; no request is sent.</summary>
    Connect,
}
