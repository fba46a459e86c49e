namespace ParentProxy.Admin.StatusPage;

/// <summary>A sentence about something that an operator should know first.</summary>
/// <param name="Tone">How bad it is, as <see cref="Icons"/> knows it.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Text">What is wrong, and where to look.</param>
internal sealed record Finding(string Tone, string Subject, string Text);
