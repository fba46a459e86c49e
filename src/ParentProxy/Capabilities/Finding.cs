using ParentProxy.Html;

namespace ParentProxy.Capabilities;

/// <summary>A sentence about something that an operator should know first.</summary>
/// <param name="Tone">How bad it is, as <see cref="Icons"/> knows it.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Text">What is wrong, and where to look.</param>
internal sealed record Finding(string Tone, string Subject, string Text)
{
    /// <summary>Whether clients are not let in: it comes before the others of its tone, and explains why no request comes.</summary>
    public bool KeepsClientsOut { get; init; }
}
