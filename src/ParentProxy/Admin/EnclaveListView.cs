namespace ParentProxy.Admin;

/// <summary>The registry as the admin listener shows it.</summary>
/// <param name="Enclaves">Each enclave.</param>
internal sealed record EnclaveListView(IReadOnlyList<EnclaveView> Enclaves);
