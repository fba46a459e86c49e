namespace ParentProxy.Configuration.Sources;

/// <summary>The kinds of source, from the farthest to the nearest.</summary>
internal enum OriginKind
{
    /// <summary>The JSON file.</summary>
    File,

    /// <summary>A variable <c>Section__Key</c>.</summary>
    SectionVariable,

    /// <summary>A variable of the form <c>PARENTPROXY_ENCLAVE_0_CID</c>.</summary>
    EnclaveVariable,

    /// <summary><c>--Section:Key=value</c>.</summary>
    CommandLine,
}
