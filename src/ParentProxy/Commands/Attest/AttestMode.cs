namespace ParentProxy.Commands.Attest;

/// <summary>What <c>parent-proxy attest</c> is called for.</summary>
internal enum AttestMode
{
    /// <summary>A document is verified.</summary>
    Verify,

    /// <summary>What a document says is shown, and nothing checked.</summary>
    Show,

    /// <summary>Whether the server answers.</summary>
    Ping,

    /// <summary>What the server says of itself.</summary>
    Status,

    /// <summary>A file of pins is made from the measurements of a build.</summary>
    Pins,
}
