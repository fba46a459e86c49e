namespace ParentProxy.Configuration;

/// <summary>What a probe does.</summary>
internal enum ProbeType
{
    /// <summary>A GET request, judged by status and body.</summary>
    Http,

    /// <summary>A dial alone, handshake included: healthy when it succeeds; no request is sent.</summary>
    Connect,
}
