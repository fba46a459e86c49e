using ParentProxy.Html;

namespace ParentProxy.Capabilities;

/// <summary>A section as one page shows it.</summary>
/// <param name="Findings">What an operator should know first.</param>
/// <param name="Html">Writes the section's element.</param>
internal sealed record StatusPart(IReadOnlyList<Finding> Findings, Action<HtmlWriter> Html);
