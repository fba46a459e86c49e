using ParentProxy.Configuration;

namespace ParentProxy.Capabilities;

/// <summary>What all parts of one status page have in common.</summary>
/// <param name="Now">When the page is read.</param>
/// <param name="Options">The configuration in effect then.</param>
/// <param name="IsDraining">Whether the program is on its way to its end, so that closed ports are in order.</param>
internal sealed record StatusMoment(DateTimeOffset Now, ProxyOptions Options, bool IsDraining);
