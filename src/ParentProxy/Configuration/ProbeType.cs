namespace ParentProxy.Configuration;

/// <summary>What a probe does.</summary>
internal enum ProbeType
{
    /// <summary>A GET request, judged by status and body.</summary>
    Http,

    /// <summary>A dial alone.</summary>
    Connect,
}
