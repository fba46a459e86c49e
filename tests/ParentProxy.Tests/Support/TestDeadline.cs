namespace ParentProxy.Tests.Support;

/// <summary>After this a test has failed; none waits for it to pass.</summary>
internal static class TestDeadline
{
    public static readonly TimeSpan Value = TimeSpan.FromSeconds(60);
}
