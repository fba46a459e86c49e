using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Resolving;

/// <summary>Finds the addresses of a name.</summary>
internal interface IResolver
{
    /// <summary>Answers from <c>/etc/hosts</c>, from memory while the time to live lasts, else from a resolver.</summary>
    /// <exception cref="ResolveException">There is none.</exception>
    ValueTask<ResolvedHost> ResolveAsync(HostName name, CancellationToken cancellationToken);
}
