using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Passthrough;

/// <summary>A connection to an enclave, counted among what the enclave has in flight.</summary>
/// <param name="Enclave">The enclave.</param>
/// <param name="Connector">The way to it, leased.</param>
/// <param name="Stream">The connection.</param>
internal readonly record struct EnclaveConnection(Enclave Enclave, EnclaveConnector Connector, EnclaveStream Stream);
