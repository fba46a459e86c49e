using Microsoft.Extensions.Logging;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>Logs what calls of nitro-cli bring: each thing when it begins and when it ends, not with every call.</summary>
internal sealed class DiscoveryReporter(ILogger logger)
{
    private DescribeFailure? _failure;
    private string _skipped = "";
    private bool _wasEmpty;

    /// <summary>Logs what a call brought that the one before had not.</summary>
    /// <param name="program">What was called.</param>
    /// <param name="result">What it gave.</param>
    /// <param name="accepted">How many enclaves get traffic now.</param>
    public void Called(string program, DescribeResult result, int accepted)
    {
        if (result.Failure is { } failure && failure.Code != _failure?.Code)
            DiscoveryLog.Failed(logger, failure);
        else if (result.Failure is null && _failure is not null)
            DiscoveryLog.Recovered(logger, program, result.Enclaves.Count);
        _failure = result.Failure;

        // A failed call says nothing about how many there are.
        var isEmpty = result is { Enclaves.Count: 0, Skipped.Count: 0 } && (result.Failure is null || _wasEmpty);
        if (isEmpty && !_wasEmpty)
            DiscoveryLog.Empty(logger, program, accepted);
        _wasEmpty = isEmpty;

        var skipped = string.Join("; ", result.Skipped);
        if (skipped.Length > 0 && skipped != _skipped)
            DiscoveryLog.Skipped(logger, program, skipped);
        _skipped = skipped;
    }

    /// <summary>Enclaves came, changed or left.</summary>
    public void Happened(IReadOnlyList<DiscoveryEvent> events)
    {
        foreach (var (level, enclave, what) in events)
            DiscoveryLog.Enclave(logger, level, enclave.Name, enclave.EnclaveId, what);
    }
}
