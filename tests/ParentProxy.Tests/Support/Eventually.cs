namespace ParentProxy.Tests.Support;

/// <summary>Waits for what has to become true, and says what was there instead when it does not.</summary>
internal static class Eventually
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    public static Task TrueAsync(Func<bool> condition, Func<string>? otherwise = null) =>
        TrueAsync(() => Task.FromResult(condition()), otherwise);

    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string>? otherwise = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > TestDeadline.Value)
                Assert.Fail($"did not become true within {TestDeadline.Value}; at the end: {otherwise?.Invoke()}");
            await Task.Delay(LookAgain);
        }
    }
}
