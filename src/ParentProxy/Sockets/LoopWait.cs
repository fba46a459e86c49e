using System.Threading.Tasks.Sources;

namespace ParentProxy.Sockets;

/// <summary>What somebody awaits who waits for a <see cref="LoopOperation"/>. Used again and again, one wait at a time.</summary>
internal sealed class LoopWait : IValueTaskSource<int>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<int> _core;

    /// <summary>The wait that began last.</summary>
    public ValueTask<int> Result => new(this, _core.Version);

    /// <summary>The same for who does not want the result.</summary>
    public ValueTask End => new(this, _core.Version);

    public void Begin() => _core.Reset();

    /// <summary>Ends it, and runs here what awaits it.</summary>
    public void Complete(int result) => _core.SetResult(result);

    /// <inheritdoc cref="Complete"/>
    public void Fail(Exception failure) => _core.SetException(failure);

    int IValueTaskSource<int>.GetResult(short token) => _core.GetResult(token);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
