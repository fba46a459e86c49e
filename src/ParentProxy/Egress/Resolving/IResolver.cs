using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Resolving;

/// <summary>Finds the addresses of a name.</summary>
internal interface IResolver
{
    /// <summary>Answers from <c>/etc/hosts</c>, from memory while the time to live lasts, else from a resolver.</summary>
    /// <param name="name">The name.</param>
    /// <param name="enclave">The enclave for which it is, by its key; null: this program itself asks.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ResolveException">There is none.</exception>
    ValueTask<ResolvedHost> ResolveAsync(HostName name, string? enclave, CancellationToken cancellationToken);
}
