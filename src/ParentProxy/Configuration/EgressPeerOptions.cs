namespace ParentProxy.Configuration;

/// <summary>Who is taken to be at the other end of a unix socket, which tells no CID.</summary>
/// <param name="Cid">Its CID; null for none.</param>
/// <param name="Enclave">Its name; null for none.</param>
internal sealed record EgressPeerOptions(uint? Cid, string? Enclave);
