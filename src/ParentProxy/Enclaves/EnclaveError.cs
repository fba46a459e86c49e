namespace ParentProxy.Enclaves;

/// <summary>Something that went wrong with an enclave.</summary>
/// <param name="At">When it last happened.</param>
/// <param name="Code">The errno by name, or a word.</param>
/// <param name="Detail">What happened, for operators.</param>
/// <param name="Times">How often, as far back as it is remembered.</param>
internal sealed record EnclaveError(DateTimeOffset At, string Code, string Detail, long Times);
