using Microsoft.Extensions.Configuration;

namespace ParentProxy.Configuration;

/// <summary>
/// The whole configuration of the program inside an enclave, validated and immutable. There is no reload: an image does not change.
/// </summary>
internal sealed record InsideConfiguration
{
    /// <summary>What the program does.</summary>
    public required InsideOptions Enclave { get; init; }

    /// <summary>Sizes and flags of vsock connections.</summary>
    public required VsockOptions Vsock { get; init; }

    /// <summary>What the log looks like.</summary>
    public required LogOptions Log { get; init; }

    /// <summary>The section <c>Serilog</c>, as its library reads it.</summary>
    public required IConfiguration Sections { get; init; }
}
