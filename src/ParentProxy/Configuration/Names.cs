namespace ParentProxy.Configuration;

/// <summary>Names that more than one place has to know.</summary>
internal static class Names
{
    /// <summary>The section of the enclaves.</summary>
    public const string Enclaves = "Enclaves";

    /// <summary>The section of what enclaves reach.</summary>
    public const string Egress = "Egress";

    /// <summary>No enclave's id: the label of what reached none.</summary>
    public const string NoEnclave = "none";

    /// <summary>The section that Kestrel reads.</summary>
    public const string Kestrel = "Kestrel";

    /// <summary>The section that Serilog reads.</summary>
    public const string Serilog = "Serilog";

    /// <summary>The section that YARP reads.</summary>
    public const string ReverseProxy = "ReverseProxy";
}
