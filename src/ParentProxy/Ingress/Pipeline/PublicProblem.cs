namespace ParentProxy.Ingress.Pipeline;

/// <summary>RFC 9457 problem details as the public gets them.</summary>
/// <param name="Type">The kind of failure, as a URN.</param>
/// <param name="Title">The status code in words.</param>
/// <param name="Status">The status code.</param>
/// <param name="Detail">What happened, as far as the public may know.</param>
/// <param name="RequestId">The request's id, which the log has too.</param>
internal sealed record PublicProblem(string Type, string Title, int Status, string Detail, string RequestId);
