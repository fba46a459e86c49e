namespace ParentProxy.Admin;

/// <summary>RFC 9457 problem details of the admin listener.</summary>
/// <param name="Type">Always <c>about:blank</c>: the status code says what kind of failure it is.</param>
/// <param name="Title">The status code in words.</param>
/// <param name="Status">The status code.</param>
/// <param name="Detail">What is wrong, and how it can be put right.</param>
internal sealed record ProblemView(string Type, string Title, int Status, string Detail);
