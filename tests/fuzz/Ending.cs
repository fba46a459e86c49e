namespace ParentProxy.Fuzz;

/// <summary>How reading a connection ended.</summary>
internal enum Ending
{
    /// <summary>With the end of a response.</summary>
    Complete,

    /// <summary>In the middle of a response.</summary>
    Incomplete,

    /// <summary>With a response that goes on until the connection ends, or a tunnel.</summary>
    Open,

    /// <summary>With what is no response, or one that is refused.</summary>
    Refused,
}
