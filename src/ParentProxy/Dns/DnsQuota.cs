namespace ParentProxy.Dns;

/// <summary>
/// Keeps one enclave from taking from the others what there is for all: lookups, by its own questions and by the names of its tunnels,
/// and memory for answers that it does not read. Any thread.
/// </summary>
/// <param name="each">What an enclave has at most.</param>
/// <param name="all">What all enclaves have at most.</param>
internal sealed class DnsQuota(int each, int all)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = [];
    private int _total;

    /// <summary>For questions to the resolvers of a parent; for all of them fewer than it can have open.</summary>
    public static DnsQuota OfQuestions() => new(each: 1500, all: 3500);

    /// <summary>What an enclave has at most.</summary>
    public int Each => each;

    /// <summary>What all enclaves have at most.</summary>
    public int All => all;

    /// <summary>Whether an enclave may have so many more, which it then has. Null may always.</summary>
    public bool TryEnter(string? enclave, int count = 1)
    {
        if (enclave is null)
            return true;
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(enclave);
            if (open + count > each || _total + count > all)
                return false;
            _open[enclave] = open + count;
            _total += count;
            return true;
        }
    }

    /// <summary>One is open no more once it has been asked, whether its asker waits for that or is gone.</summary>
    public void LeaveAfter(Task asking, string? enclave)
    {
        if (enclave is null)
            return;
        _ = asking.ContinueWith(
            _ => Leave(enclave, 1), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>An enclave has so many less.</summary>
    public void Leave(string enclave, int count)
    {
        lock (_lock)
        {
            _total -= count;
            if ((_open[enclave] -= count) == 0)
                _open.Remove(enclave);
        }
    }
}
