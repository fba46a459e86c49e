using System.Globalization;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Endpoints;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>
/// From what was known and what nitro-cli tells now to what is known then. Pure: nothing is called, dialled or logged
/// here. An enclave is known by its EnclaveID; the next one of the same name takes the place of one that is gone.
/// </summary>
internal static class DiscoveryRules
{
    private const int MaxIdLength = 64;

    /// <summary>Takes in what a call told.</summary>
    /// <param name="known">What is known.</param>
    /// <param name="result">What the call gave. When it failed, what it told of others counts, and nobody is missing for it.</param>
    /// <param name="options">The settings.</param>
    /// <param name="isReachable">Whether connections to the enclave with this EnclaveID come about.</param>
    public static (IReadOnlyList<KnownEnclave> Known, IReadOnlyList<DiscoveryEvent> Events) Learn(
        IReadOnlyList<KnownEnclave> known, DescribeResult result, DiscoveryOptions options, Func<string, bool> isReachable)
    {
        var events = new List<DiscoveryEvent>();
        var told = result.Enclaves.DistinctBy(enclave => enclave.EnclaveId).ToDictionary(enclave => enclave.EnclaveId);
        var left = result.Enclaves
            .Select(enclave => enclave.EnclaveId)
            .Distinct()
            .Except(known.Select(enclave => enclave.Described.EnclaveId))
            .Select(id => told[id])
            .ToList();
        var next = new List<KnownEnclave>();
        foreach (var enclave in known)
        {
            if (told.TryGetValue(enclave.Described.EnclaveId, out var now))
                next.Add(ToldAgain(enclave, now, events));
            else if (Successor(enclave, left, result, options) is { } successor && left.Remove(successor))
                next.Add(Restarted(enclave, successor, options, events));
            else if (!IsGone(enclave, result, isReachable, events))
                next.Add(Missing(enclave, result, events));
        }

        next.AddRange(left.Select(enclave => new KnownEnclave(enclave, null, Refusal: "")));
        return (Judge(next, options, events), events);
    }

    /// <summary>Applies other settings to what is known.</summary>
    public static (IReadOnlyList<KnownEnclave> Known, IReadOnlyList<DiscoveryEvent> Events) Apply(
        IReadOnlyList<KnownEnclave> known, DiscoveryOptions options)
    {
        var events = new List<DiscoveryEvent>();
        return (Judge(known, options, events), events);
    }

    private static KnownEnclave ToldAgain(KnownEnclave enclave, DescribedEnclave now, List<DiscoveryEvent> events)
    {
        if (enclave.IsMissing && enclave.IsAccepted)
            events.Add(new(LogLevel.Information, now, "is in the output again"));
        if (enclave.IsAccepted && enclave.Described.Cid != now.Cid)
            events.Add(new(LogLevel.Information, now, $"CID {enclave.Described.Cid} -> {now.Cid}"));
        return enclave with { Described = now, IsMissing = false };
    }

    /// <summary>The new enclave with the name of one that is missing. nitro-cli gives a name to one running enclave only.</summary>
    private static DescribedEnclave? Successor(
        KnownEnclave enclave, List<DescribedEnclave> left, DescribeResult result, DiscoveryOptions options)
    {
        var successor = left.Find(other => other.Name.Equals(enclave.Described.Name, StringComparison.OrdinalIgnoreCase));
        return successor is not null && (result.IsComplete || RefusalOf(successor, options) is null) ? successor : null;
    }

    private static KnownEnclave Restarted(KnownEnclave enclave, DescribedEnclave now, DiscoveryOptions options, List<DiscoveryEvent> events)
    {
        if (enclave.IsAccepted && RefusalOf(now, options) is null)
        {
            events.Add(new(LogLevel.Information, now, enclave.Described.Cid == now.Cid
                ? $"was restarted at the same CID {now.Cid}; it was {enclave.Described.EnclaveId}"
                : $"was restarted, CID {enclave.Described.Cid} -> {now.Cid}; it was {enclave.Described.EnclaveId}"));
            return enclave with { Described = now, IsMissing = false };
        }

        if (enclave.IsAccepted)
            events.Add(new(LogLevel.Information, enclave.Described, "is gone: another enclave has its name"));
        return new KnownEnclave(now, null, Refusal: "");
    }

    private static bool IsGone(KnownEnclave enclave, DescribeResult result, Func<string, bool> isReachable, List<DiscoveryEvent> events)
    {
        if (!enclave.IsAccepted)
            return result.IsComplete;

        // What answers at that CID now is another enclave, perhaps one that is refused.
        if (result.Enclaves.FirstOrDefault(other => other.Cid == enclave.Described.Cid) is { } tenant)
        {
            events.Add(
                new(LogLevel.Information, enclave.Described, $"is gone: its CID {tenant.Cid} is {tenant.Name}'s ({tenant.EnclaveId})"));
            return true;
        }

        if (!result.IsComplete || isReachable(enclave.Described.EnclaveId))
            return false;
        events.Add(new(LogLevel.Information, enclave.Described, "is gone: missing from the output, and not reachable"));
        return true;
    }

    private static KnownEnclave Missing(KnownEnclave enclave, DescribeResult result, List<DiscoveryEvent> events)
    {
        if (!result.IsComplete || enclave.IsMissing)
            return enclave;
        if (enclave.IsAccepted)
            events.Add(new(LogLevel.Information, enclave.Described, "is missing from the output but reachable: it stays"));
        return enclave with { IsMissing = true };
    }

    /// <summary>Who may get traffic, by which id. The first to come keeps its id.</summary>
    private static KnownEnclave[] Judge(IReadOnlyList<KnownEnclave> known, DiscoveryOptions options, List<DiscoveryEvent> events)
    {
        var judged = known.Select(enclave =>
        {
            var refusal = RefusalOf(enclave.Described, options);
            return enclave with
            {
                Id = refusal is null ? enclave.Id : null,
                Refusal = refusal?.Reason,
                IsForeign = refusal?.IsForeign ?? false,
            };
        }).ToArray();
        for (var i = 0; i < judged.Length; i++)
        {
            if (judged[i] is { IsAccepted: true, Id: null })
                judged[i] = judged[i] with
                {
                    Id = FreeId(
                        judged[i].Described.Name, id => judged.All(other => !id.Equals(other.Id, StringComparison.OrdinalIgnoreCase))),
                };
            if (judged[i].Refusal != known[i].Refusal)
                events.Add(Verdict(known[i], judged[i]));
        }

        return judged;
    }

    private static DiscoveryEvent Verdict(KnownEnclave before, KnownEnclave now)
    {
        var enclave = now.Described;
        if (now.Refusal is not { } refusal)
            return new(LogLevel.Information, enclave, $"found at CID {enclave.Cid}; its id is {now.Id}");

        // That an enclave is being stopped, or is another's, is in order. Any other refusal needs somebody's hand.
        var level = now.IsForeign || IsStopped(enclave) ? LogLevel.Information : LogLevel.Warning;
        return new(level, enclave, before.IsAccepted ? $"gets no more traffic: {refusal}" : $"gets no traffic: {refusal}");
    }

    private static bool IsStopped(DescribedEnclave enclave) =>
        enclave.State is { } state && !state.Equals(DescribedEnclave.Running, StringComparison.OrdinalIgnoreCase);

    /// <summary>Why an enclave gets no traffic, and whether it is for its name alone; null when it may.</summary>
    private static (string Reason, bool IsForeign)? RefusalOf(DescribedEnclave enclave, DiscoveryOptions options)
    {
        if (!EnclavePattern.Matches(options.EnclaveName, enclave.Name))
            return ($"its name does not match Discovery:EnclaveName {options.EnclaveName}", true);
        if (IsStopped(enclave))
            return ($"its State is {enclave.State}, not {DescribedEnclave.Running}", false);
        if (EnclaveEndpoint.CheckCid(enclave.Cid) is { } reason)
            return (reason, false);
        if (enclave.IsDebug && !options.AllowDebugMode)
            return ("it is in DEBUG_MODE, in which its console is open and its attestation worthless; "
                + "Discovery:AllowDebugMode would allow it", false);
        foreach (var (pcr, pinned) in options.Pcrs)
        {
            if (!enclave.Measurements.TryGetValue(pcr, out var measured))
                return ($"nitro-cli tells no {pcr} of it, which Discovery:Pcrs pins", false);
            if (!measured.Equals(pinned, StringComparison.OrdinalIgnoreCase))
                return ($"its {pcr} is {measured}, which is not what Discovery:Pcrs pins: another image", false);
        }

        return null;
    }

    /// <summary>The name as an id, with a number behind it where it is taken.</summary>
    public static string FreeId(string name, Func<string, bool> isFree)
    {
        var id = string.Concat(name.Take(MaxIdLength).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));
        var free = id;
        for (var i = 2; !isFree(free); i++)
        {
            var suffix = string.Create(CultureInfo.InvariantCulture, $"-{i}");
            free = id[..Math.Min(id.Length, MaxIdLength - suffix.Length)] + suffix;
        }

        return free;
    }
}
