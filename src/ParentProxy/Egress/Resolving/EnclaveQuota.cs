namespace ParentProxy.Egress.Resolving;

/// <summary>
/// Keeps one enclave from taking the resolvers from the others, by its own questions and by the names of its tunnels. Any thread.
/// </summary>
/// <param name="each">Open questions of an enclave at most.</param>
/// <param name="all">Open questions of all enclaves at most; fewer than <see cref="UpstreamClient"/> has open.</param>
internal sealed class EnclaveQuota(int each = 1500, int all = 3500)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = [];
    private int _total;

    /// <summary>What comes of a question beyond it.</summary>
    public UpstreamResult Exceeded { get; } = new(
        null, UpstreamResult.Busy, $"nobody was asked, as {each} questions of this enclave are open, or {all} of all");

    /// <summary>Whether one more may be asked, which then is open. Null may always.</summary>
    public bool TryEnter(string? enclave)
    {
        if (enclave is null)
            return true;
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(enclave);
            if (open >= each || _total >= all)
                return false;
            _open[enclave] = open + 1;
            _total++;
            return true;
        }
    }

    /// <summary>One is open no more once it has been asked, whether its asker waits for that or is gone.</summary>
    public void LeaveAfter(Task asking, string? enclave)
    {
        if (enclave is null)
            return;
        _ = asking.ContinueWith(
            _ => Leave(enclave), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Leave(string enclave)
    {
        lock (_lock)
        {
            _total--;
            if (--_open[enclave] == 0)
                _open.Remove(enclave);
        }
    }
}
