namespace ParentProxy.Inside.Application;

/// <summary>The user that the application is to run as does not exist, or cannot be become.</summary>
/// <param name="message">What was looked for, where, and what to do.</param>
internal sealed class ApplicationUserException(string message) : Exception(message);
