namespace ParentProxy.Scenarios.Fronts;

/// <summary>An enclave in a front's configuration.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Port">Where it listens on 127.0.0.1.</param>
/// <param name="Weight">Its share.</param>
internal sealed record Backend(string Name, int Port, int Weight = 1);
