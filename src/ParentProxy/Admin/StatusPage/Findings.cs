using ParentProxy.Capabilities;
using ParentProxy.Enclaves;
using ParentProxy.Html;

namespace ParentProxy.Admin.StatusPage;

/// <summary>
/// Reads a snapshot as an operator would: whose fault is it, which enclave, since when, why. Says nothing that the rest
/// of the page does not show, and gives no advice that does not fit what else is the matter.
/// </summary>
internal static class Findings
{
    /// <summary>From this share of the descriptors on they may run out.</summary>
    private const double FilesShare = 0.8;

    /// <summary>So many enclaves are named one by one: the list is to be read at a glance.</summary>
    private const int EnclavesNamed = 5;

    private static readonly string[] WorstFirst = ["bad", "leaving", "warn", "idle", "note"];

    /// <summary>What there is to say, the worst first.</summary>
    public static IReadOnlyList<Finding> Of(PageSnapshot page) =>
    [
        .. All(page).OrderBy(finding => Array.IndexOf(WorstFirst, finding.Tone)),
    ];

    private static IEnumerable<Finding> All(PageSnapshot page) =>
    [
        .. Stop(page),
        .. Told(page).Where(finding => finding.KeepsClientsOut),
        .. Service(page),
        .. Enclaves(page),
        .. Flapping(page),
        .. Errors(page),
        .. Waiting(page),
        .. OpenFiles(page),
        .. Told(page).Where(finding => !finding.KeepsClientsOut),
        .. Leaving(page),
        .. Traffic(page),
    ];

    // What the owners of the other sections say of them.
    private static IEnumerable<Finding> Told(PageSnapshot page) => page.Parts.Append(page.Settings).SelectMany(part => part.Findings);

    private static IEnumerable<Finding> Stop(PageSnapshot page)
    {
        if (page.IsDraining)
        {
            yield return new Finding(
                "leaving",
                "This proxy stops",
                "health fails so that no more traffic is sent here; "
                    + $"requests in flight have {Words.Duration(page.Options.Timeouts.Drain)} to finish.");
        }
    }

    private static IEnumerable<Finding> Service(PageSnapshot page)
    {
        var (summary, health) = (page.Summary, page.Options.Health);
        if (page.Enclaves.Count == 0)
        {
            yield return NoEnclave(page);
        }
        else if (!page.IsAnyUsable)
        {
            var tone = page.Enclaves.All(enclave => enclave.Status.State == EnclaveState.Starting) ? "idle" : "bad";
            var patience = Words.Duration(page.Options.Retry.WaitForEnclave);
            yield return new Finding(
                tone,
                "No enclave takes requests",
                $"now: they wait {patience} for one, then get 503. Why stands beside each enclave.");
        }

        if (!page.IsDraining && !summary.IsReady && summary.Refusal is null && summary.Healthy > 0)
        {
            var effect = health.Public
                ? $"{health.Path} answers 503, and a load balancer that asks it sends nothing here."
                : "/health/ready answers 503 on this listener.";
            var are = Words.Plural(summary.Healthy, "is", "are");
            yield return new Finding(
                "bad",
                $"{summary.Healthy} of {summary.Total} {Words.Plural(summary.Total, "enclave", "enclaves")}",
                $"{are} healthy, fewer than the {health.MinHealthy} of Health:MinHealthy: {effect}");
        }
    }

    private static Finding NoEnclave(PageSnapshot page) => page switch
    {
        { Discovery: null } => new Finding("bad", "No enclave", "is configured: set Enclaves, or Discovery:Enabled."),
        { DiscoveryFailure: not null } => new Finding("bad", "No enclave", "is known, because nitro-cli cannot be asked."),
        { Discovery.Calls: 0 } => new Finding("idle", "No enclave", "is known yet: nitro-cli is being asked."),
        { Discovery.Enclaves.Count: 0 } =>
            new Finding("bad", "No enclave", "runs here, as nitro-cli reports: see nitro-cli describe-enclaves."),
        _ => new Finding("bad", "No enclave", "may be used of those that nitro-cli tells of: Discovery says why not."),
    };

    private static IEnumerable<Finding> Enclaves(PageSnapshot page)
    {
        var wrong = page.Enclaves.Where(enclave => enclave.Status.State is not EnclaveState.Healthy).ToList();
        foreach (var enclave in wrong.Take(EnclavesNamed))
        {
            var (tone, word) = (EnclavesSection.Tone(enclave.Status.State), EnclavesSection.Word(enclave.Status.State));
            var age = Words.Age(page.Now - enclave.Status.Since);
            var left = enclave.Status.State == EnclaveState.Draining ? $" {Words.Count(enclave.Enclave.InFlight)} in flight." : "";
            yield return new Finding(
                tone, $"Enclave {enclave.Label}", $"is {word} for {age}: {Words.Sentence(enclave.Status.Reason)}{left}");
        }

        if (wrong.Count - EnclavesNamed is > 0 and var more)
            yield return new Finding("bad", $"{more} more", $"{Words.Plural(more, "enclave is", "enclaves are")} not healthy, see below.");
    }

    private static IEnumerable<Finding> Flapping(PageSnapshot page)
    {
        foreach (var enclave in page.Enclaves.Where(enclave => enclave.IsFlapping).Take(EnclavesNamed))
        {
            var outages = Words.Count(enclave.Recent.Outages);
            var why = enclave.Enclave.Metrics.Errors.Latest.Count > 0 ? "; its last errors stand beside it" : "";
            yield return new Finding(
                "warn", $"Enclave {enclave.Label}", $"flaps: it went out {outages} times in the last 15 minutes{why}.");
        }
    }

    private static IEnumerable<Finding> Errors(PageSnapshot page)
    {
        if (!page.IsFailing)
            yield break;
        var parts = page.Enclaves
            .Where(enclave => enclave.LastMinute.Errors > 0)
            .OrderByDescending(enclave => enclave.LastMinute.Errors)
            .Select(enclave => $"{Words.Count(enclave.LastMinute.Errors)} from enclave {enclave.Label}");
        if (page.UnreachedLastMinute.Errors > 0)
        {
            var why = page.IsAnyUsable ? "no enclave could take the request in time" : "no enclave can take requests";
            parts = parts.Append($"{Words.Count(page.UnreachedLastMinute.Errors)} made here, because {why}");
        }

        var (errors, requests) = (Words.Count(page.LastMinute.Errors), Words.Count(page.LastMinute.Requests));
        yield return new Finding(
            "warn",
            $"{Words.Percent(page.LastMinute.ErrorShare ?? 0)} errors (5xx)",
            $"in the last minute, {errors} of {requests} requests: {string.Join("; ", parts)}.");
    }

    private static IEnumerable<Finding> Waiting(PageSnapshot page)
    {
        if (page.WaitingForEnclave > 0)
        {
            var patience = Words.Duration(page.Options.Retry.WaitForEnclave);
            yield return new Finding(
                "warn", RequestsWait(page.WaitingForEnclave), $"until an enclave can be dialled, for {patience} at most.");
        }

        foreach (var enclave in page.Enclaves.Where(enclave => enclave.Enclave.Queued > 0).Take(EnclavesNamed))
        {
            var why = WhyNoConnection(enclave, page.Options.Routing.MaxConnectionsPerEnclave);
            yield return new Finding("warn", RequestsWait(enclave.Enclave.Queued), $"for a connection to enclave {enclave.Label}{why}");
        }
    }

    private static string RequestsWait(long count) => $"{Words.Count(count)} {Words.Plural(count, "request waits", "requests wait")}";

    // More connections help only where all of them are in use, by an enclave that works.
    private static string WhyNoConnection(PageSnapshot.EnclaveFacts enclave, int most) => enclave switch
    {
        { Status.State: not EnclaveState.Healthy } => $", which is {EnclavesSection.Word(enclave.Status.State)}.",
        _ when enclave.Enclave.OpenConnections - enclave.Enclave.Tunnels < most => ", which is being dialled.",
        _ => $": all {Words.Count(most)} are busy. If its times have risen, it is at its limit; "
            + "else raise Routing:MaxConnectionsPerEnclave.",
    };

    private static IEnumerable<Finding> OpenFiles(PageSnapshot page)
    {
        if (page is { MaxOpenFiles: { } max, OpenFiles: { } open } && open >= max * FilesShare)
        {
            yield return new Finding(
                "warn",
                $"{Words.Count(open)} files are open",
                $"of {Words.Count(max)}: without free ones no connection can be accepted or dialled. Raise LimitNOFILE of the unit.");
        }
    }

    private static IEnumerable<Finding> Traffic(PageSnapshot page)
    {
        if (!page.IsMinuteKnown || page.LastMinute.Requests > 0 || page.IsDraining)
            yield break;
        var working = page.Enclaves.Sum(enclave => enclave.Enclave.InFlight - enclave.Enclave.Tunnels);
        if (working > 0)
        {
            var where = Words.Plural(working, "an enclave works on it, or hangs", "enclaves work on them, or hang");
            yield return new Finding(
                "note",
                "No request was answered",
                $"in the last minute; {Words.Count(working)} {Words.Plural(working, "is", "are")} in flight: {where}.");
        }
        else if (!IsKeptAway(page))
        {
            yield return new Finding(
                "note",
                "No request came",
                "in the last minute. If clients complain, look at what is before this proxy: "
                    + "load balancer, target group, security group.");
        }
    }

    // Whether something here explains why no request comes, or is not answered.
    private static bool IsKeptAway(PageSnapshot page) =>
        !page.Summary.IsReady
        || !page.IsAnyUsable
        || page.WaitingForEnclave + page.WaitingForConnection > 0
        || Told(page).Any(finding => finding.KeepsClientsOut);

    private static IEnumerable<Finding> Leaving(PageSnapshot page)
    {
        foreach (var enclave in page.Leaving)
        {
            var count = enclave.Enclave.InFlight;
            var requests = $"{Words.Count(count)} {Words.Plural(count, "request", "requests")}";
            yield return new Finding(
                "note",
                $"Enclave {enclave.Label}",
                $"leaves, {enclave.Status.Reason}: {requests} in flight may take {Words.Duration(page.Options.Timeouts.Drain)} to finish.");
        }
    }
}
