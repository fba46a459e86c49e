using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Http2;

/// <summary>Ties an outgoing request to its <see cref="Attempt"/>.</summary>
/// <param name="Attempt">What watches it.</param>
/// <param name="SendHead">Sends the response head to the client, when the body is not there at once.</param>
internal sealed record AttemptBinding(Attempt Attempt, Func<CancellationToken, Task> SendHead);
