namespace ParentProxy.Http1;

/// <summary>As many requests as may wait for a connection do so already. Nothing was sent.</summary>
/// <param name="waiting">How many these are.</param>
internal sealed class PoolFullException(int waiting)
    : IOException(FormattableString.Invariant($"{waiting} requests wait for a connection to it already"));
