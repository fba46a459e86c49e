using System.Diagnostics;

namespace ParentProxy.Tests.Hosting;

/// <summary>Polls for what another process brings about.</summary>
internal static class Eventually
{
    /// <summary>After this a test has failed; none waits for it to pass.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> describe)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException(describe());
            await Task.Delay(Pause);
        }
    }

    public static Task TrueAsync(Func<bool> condition, Func<string> describe) => TrueAsync(() => Task.FromResult(condition()), describe);
}
