namespace ParentProxy.Attestation.Reading;

/// <summary>What a document says, for messages: it may be anything, and goes to logs and terminals.</summary>
internal static class Printable
{
    private const int MaxLength = 200; // names of real certificates have 130

    /// <summary>The text, if it is a short one in ASCII.</summary>
    public static string Text(string text) =>
        text.Length <= MaxLength && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? text : "(unprintable)";
}
