using ParentProxy.Enclaves;

namespace ParentProxy.Admin.StatusPage;

/// <summary>
/// Reads a snapshot as an operator would: whose fault is it, which enclave, since when, why. Says nothing that the rest
/// of the page does not show.
/// </summary>
internal static class Findings
{
    /// <summary>From this share of errors on they are worth a line.</summary>
    private const double ErrorShare = 0.01;

    /// <summary>From this share of the descriptors on they may run out.</summary>
    private const double FilesShare = 0.8;

    /// <summary>So many enclaves are named one by one: the list is to be read at a glance.</summary>
    private const int EnclavesNamed = 5;

    /// <summary>What there is to say, the worst first.</summary>
    public static IReadOnlyList<Finding> Of(PageSnapshot page) =>
    [
        .. Stop(page),
        .. Listeners(page),
        .. Enclaves(page),
        .. Errors(page),
        .. Waiting(page),
        .. OpenFiles(page),
        .. Discovery(page),
        .. Configuration(page),
        .. Traffic(page),
    ];

    private static IEnumerable<Finding> Stop(PageSnapshot page)
    {
        if (page.Summary.Status == "draining")
            yield return new Finding("leaving", "This proxy stops", $"health fails so that no more traffic is sent here; requests in flight have {Words.Duration(page.Options.Timeouts.Drain)} to finish.");
    }

    private static IEnumerable<Finding> Listeners(PageSnapshot page) => page.Summary.Status == "draining" ? [] : page.Listeners
        .Where(listener => !listener.Accepting)
        .Select(listener => new Finding("bad", $"Listener {listener.Endpoint}", $"accepts no connections: {Sentence(listener.Reason!)}"));

    private static IEnumerable<Finding> Enclaves(PageSnapshot page)
    {
        if (page.Enclaves.Count == 0)
            yield return new Finding("bad", "No enclave", page.Options.Discovery.Enabled ? "has been found so far." : "is configured.");
        var wrong = page.Enclaves.Where(enclave => enclave.Status.State is not EnclaveState.Healthy).ToList();
        foreach (var enclave in wrong.Take(EnclavesNamed))
        {
            var word = EnclavesSection.Word(enclave.Status.State);
            yield return new Finding(Icons.Tone(enclave.Status.State), $"Enclave {enclave.Label}", $"is {word} for {Words.Age(page.Now - enclave.Status.Since)}: {Sentence(enclave.Status.Reason)}");
        }

        if (wrong.Count > EnclavesNamed)
            yield return new Finding("bad", $"{wrong.Count - EnclavesNamed} more", $"{Words.Plural(wrong.Count - EnclavesNamed, "enclave is", "enclaves are")} not healthy, see below.");
    }

    private static IEnumerable<Finding> Errors(PageSnapshot page)
    {
        if (page.LastMinute.ErrorShare is not >= ErrorShare)
            yield break;
        var parts = page.Enclaves
            .Where(enclave => enclave.LastMinute.Errors > 0)
            .OrderByDescending(enclave => enclave.LastMinute.Errors)
            .Select(enclave => $"{Words.Count(enclave.LastMinute.Errors)} from enclave {enclave.Label}");
        if (page.UnreachedLastMinute.Errors > 0)
            parts = parts.Append($"{Words.Count(page.UnreachedLastMinute.Errors)} made here, because no enclave could take the request");
        yield return new Finding("warn", $"{Words.Percent(page.LastMinute.ErrorShare.Value)} errors (5xx)", $"in the last minute, {Words.Count(page.LastMinute.Errors)} of {Words.Count(page.LastMinute.Requests)} requests: {string.Join("; ", parts)}.");
    }

    private static IEnumerable<Finding> Waiting(PageSnapshot page)
    {
        if (page.WaitingForEnclave > 0)
            yield return new Finding("warn", $"{Words.Count(page.WaitingForEnclave)} {Words.Plural(page.WaitingForEnclave, "request waits", "requests wait")}", "until an enclave can be dialled.");
        if (page.WaitingForConnection > 0)
            yield return new Finding("warn", $"{Words.Count(page.WaitingForConnection)} {Words.Plural(page.WaitingForConnection, "request waits", "requests wait")}", "for a free connection: see Routing:MaxConnectionsPerEnclave.");
    }

    private static IEnumerable<Finding> OpenFiles(PageSnapshot page)
    {
        if (page is { MaxOpenFiles: { } max, OpenFiles: { } open } && open >= max * FilesShare)
            yield return new Finding("warn", $"{Words.Count(open)} files are open", $"of {Words.Count(max)}: without free ones no connection can be accepted or dialled. Raise LimitNOFILE of the unit.");
    }

    private static IEnumerable<Finding> Discovery(PageSnapshot page)
    {
        if (page is { Discovery: not null, DiscoveryFailure: { } failure })
            yield return new Finding("warn", "Discovery", $"cannot ask nitro-cli; what was known stays in use. {Sentence(failure.ToString())}");
    }

    private static IEnumerable<Finding> Configuration(PageSnapshot page)
    {
        var reloads = page.Sources.Reloads;
        if (!reloads.LastSucceeded && reloads.LastRefusal is { } at)
            yield return new Finding("warn", "Configuration", $"was refused {Words.Age(page.Now - at)} ago, and the one before it stays in effect.");
        if (reloads.NeedRestart.Count > 0)
            yield return new Finding("note", "Configuration", $"{string.Join(", ", reloads.NeedRestart)} changed and {Words.Plural(reloads.NeedRestart.Count, "takes", "take")} effect after a restart.");
    }

    private static IEnumerable<Finding> Traffic(PageSnapshot page)
    {
        if (page.Traffic.Count >= 12 && page.LastMinute.Requests == 0)
            yield return new Finding("note", "No request ended", "in the last minute. If clients complain, look at what is before this proxy: load balancer, target group, security group.");
    }

    private static string Sentence(string text) => text.EndsWith('.') ? text : $"{text}.";
}
