using Microsoft.Extensions.Logging;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>Something of an enclave that an operator should know, told once.</summary>
internal sealed record DiscoveryEvent(LogLevel Level, DescribedEnclave Enclave, string What);
