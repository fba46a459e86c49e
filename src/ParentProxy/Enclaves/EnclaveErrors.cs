namespace ParentProxy.Enclaves;

/// <summary>The last things that went wrong with an enclave, newest first. The same again only counts up.</summary>
internal sealed class EnclaveErrors
{
    private const int Kept = 8;

    private readonly Lock _gate = new();
    private readonly LinkedList<EnclaveError> _errors = [];

    /// <summary>Up to eight different ones, the one that happened last in front.</summary>
    public IReadOnlyList<EnclaveError> Latest
    {
        get
        {
            lock (_gate)
                return [.. _errors];
        }
    }

    /// <summary>Puts an error in front, or counts it up where it is among them already.</summary>
    public void Note(DateTimeOffset now, string code, string detail)
    {
        lock (_gate)
        {
            // An enclave that is away fails each probe with the same words.
            for (var node = _errors.First; node is not null; node = node.Next)
            {
                if (node.Value.Code != code || node.Value.Detail != detail)
                    continue;
                var again = node.Value with { At = now, Times = node.Value.Times + 1 };
                _errors.Remove(node);
                _errors.AddFirst(again);
                return;
            }

            _errors.AddFirst(new EnclaveError(now, code, detail, 1));
            if (_errors.Count > Kept)
                _errors.RemoveLast();
        }
    }
}
