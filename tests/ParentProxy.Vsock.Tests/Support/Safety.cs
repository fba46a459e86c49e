namespace ParentProxy.Vsock.Tests;

/// <summary>Turns a test that would hang into one that fails. Generous, because the suite also runs in an emulated machine.</summary>
internal static class Safety
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static Task WithinAsync(Task task) => task.WaitAsync(Limit);

    public static Task<T> WithinAsync<T>(Task<T> task) => task.WaitAsync(Limit);

    public static Task<T> WithinAsync<T>(ValueTask<T> task) => task.AsTask().WaitAsync(Limit);

    public static Task WithinAsync(ValueTask task) => task.AsTask().WaitAsync(Limit);

    /// <summary>For what happens in the background and tells nobody, such as the closing of descriptors.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition())
            await Task.Delay(10, limit.Token);
    }
}
