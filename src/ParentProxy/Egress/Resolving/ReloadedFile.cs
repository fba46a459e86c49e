namespace ParentProxy.Egress.Resolving;

/// <summary>What a file of the system says, looked at again when a second has passed and it is another.</summary>
/// <param name="path">The file.</param>
/// <param name="parse">Reads its text; gets nothing when there is no such file.</param>
/// <param name="clock">The clock of the seconds.</param>
internal sealed class ReloadedFile<T>(string path, Func<string, T> parse, TimeProvider clock)
    where T : class
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<T>? _look;
    private T? _content;
    private long _looked;
    private (DateTime Written, long Length) _version;

    /// <summary>What it says; a look at it is never taken on the thread of the caller, which may be an event loop's.</summary>
    public ValueTask<T> GetAsync()
    {
        lock (_lock)
        {
            if (_content is { } content && clock.GetElapsedTime(_looked) < LookAgain)
                return ValueTask.FromResult(content);
            if (_look is null || _look.IsCompleted)
                _look = Task.Run(Look);
            return new ValueTask<T>(_look);
        }
    }

    private T Look()
    {
        T? content;
        lock (_lock)
            content = _content;
        var version = default((DateTime, long));
        try
        {
            if (new FileInfo(path) is { Exists: true } file)
                version = (file.LastWriteTimeUtc, file.Length);
            if (content is null || version != _version)
                content = parse(version == default ? "" : File.ReadAllText(path));
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // What it said last holds, and the next look reads it again.
            content ??= parse("");
            version = default;
        }

        lock (_lock)
            (_content, _version, _looked) = (content, version, clock.GetTimestamp());
        return content;
    }
}
