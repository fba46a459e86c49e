namespace ParentProxy.Ingress.Pipeline;

/// <summary>What the public may know of our health.</summary>
/// <param name="Status">The verdict.</param>
/// <param name="Healthy">How many enclaves are healthy.</param>
/// <param name="Total">How many there are.</param>
internal sealed record PublicHealth(string Status, int Healthy, int Total);
