namespace ParentProxy.Configuration.Sources;

/// <summary>The kinds of source, from the farthest to the nearest.</summary>
internal enum OriginKind
{
    /// <summary>The one JSON file that is read.</summary>
    File,

    /// <summary>A variable of the form <c>Section__Key</c>, as in all of .NET.</summary>
    SectionVariable,

    /// <summary>A variable of the form <c>PARENTPROXY_ENCLAVE_0_CID</c>.</summary>
    EnclaveVariable,

    /// <summary>An argument of the form <c>--Section:Key=value</c>.</summary>
    CommandLine,
}
