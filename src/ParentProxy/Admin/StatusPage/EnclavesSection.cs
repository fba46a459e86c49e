using ParentProxy.Admin.History;
using ParentProxy.Enclaves;
using ParentProxy.Html;

namespace ParentProxy.Admin.StatusPage;

/// <summary>The enclaves, one row each, the worst first.</summary>
internal static class EnclavesSection
{
    private const int CodesShown = 3;

    private static readonly string[] Columns = ["State", "Enclave", "Why", "Now", "Since the start", "Request time, 15 min"];

    /// <summary>The word of the contract for a state.</summary>
    public static string Word(EnclaveState state) => state.ToString().ToLowerInvariant();

    /// <summary>The tone of an enclave's state, which chooses symbol and colour.</summary>
    public static string Tone(EnclaveState state) => state switch
    {
        EnclaveState.Healthy => "good",
        EnclaveState.Starting => "idle",
        EnclaveState.Draining or EnclaveState.Gone => "leaving",
        EnclaveState.Ejected => "warn",
        _ => "bad",
    };

    /// <summary>Writes the element, also where there is no enclave.</summary>
    public static void Write(HtmlWriter html, PageSnapshot page)
    {
        html.Add($"""<section id="enclaves" aria-labelledby="enclaves-title"><h2 id="enclaves-title">Enclaves</h2>""");
        if (page.Enclaves.Count + page.Leaving.Count == 0)
        {
            html.Add($"<p>There is no enclave.</p></section>");
            return;
        }

        // Roles are written out: the rows are laid out as blocks, and browsers then no longer see a table.
        html.Add($"""<table class="enclaves" role="table" aria-labelledby="enclaves-title"><caption class="hidden">""");
        html.Add($"""Each enclave with its state, its traffic and its times, the worst first</caption>""");
        html.Add($"""<thead role="rowgroup"><tr role="row">""");
        foreach (var column in Columns)
            html.Add($"""<th role="columnheader" scope="col">{column}</th>""");
        html.Add($"""</tr></thead><tbody role="rowgroup">""");

        // One scale for all lines: the enclave that is slower than the others is seen at a glance.
        var slowest = page.Enclaves.SelectMany(enclave => enclave.History).Max(sample => sample.Times.Quantile(Plot.Tail)) ?? TimeSpan.Zero;
        foreach (var (index, enclave) in page.Enclaves.Index())
            WriteRow(html, page, enclave, $"spark-{index}", slowest);
        foreach (var leaving in page.Leaving)
            WriteLeaving(html, page, leaving);
        html.Add($"""</tbody></table><p class="quiet foot">The worst is first. Requests and errors of <b>now</b> are those of the last """);
        html.Add($"""minute. 502 to 504 are mostly made here, other errors by the application. The lines show the time within which """);
        html.Add($"""95 % of the requests ended (p95), every 5 s, and have one scale; a dot is a single value, a shaded band is """);
        html.Add($"""time in which the enclave was out.</p></section>""");
    }

    private static void WriteRow(HtmlWriter html, PageSnapshot page, PageSnapshot.EnclaveFacts facts, string plot, TimeSpan slowest)
    {
        WriteHead(html, page, facts, facts.Enclave.Id);
        html.Add($"""<td role="cell" class="now" data-label="Now"><dl>""");
        WriteNow(html, facts);
        html.Add($"""</dl></td><td role="cell" class="totals" data-label="Since the start"><div class="columns"><dl>""");
        WriteTotals(html, facts);
        html.Add($"""</dl></div></td><td role="cell" class="times" data-label="Request time, 15 min">""");
        WriteTimes(html, facts, plot, slowest);
        html.Add($"</td></tr>");
    }

    // What is counted of it is shown with its successor, which has its id.
    private static void WriteLeaving(HtmlWriter html, PageSnapshot page, PageSnapshot.EnclaveFacts facts)
    {
        WriteHead(html, page, facts, $"leaving {facts.Enclave.Id} {facts.Enclave.Endpoint}");
        html.Add($"""<td role="cell" class="now" data-label="Now"><dl>""");
        Figure(html, "in flight", Words.Count(facts.Enclave.InFlight), "");
        html.Add($"""</dl></td><td role="cell" class="totals"></td><td role="cell" class="times"></td></tr>""");
    }

    private static void WriteHead(HtmlWriter html, PageSnapshot page, PageSnapshot.EnclaveFacts facts, string key)
    {
        var (enclave, status) = (facts.Enclave, facts.Status);
        var tone = Tone(status.State);
        html.Add($"""<tr role="row" class="{tone}" data-key="{key}"><td role="cell" class="state">""");
        html.Add($"""<span class="tag {tone}">{Icons.Of(tone)}{Word(status.State)}</span> """);
        html.Add($"""<span class="quiet nowrap">for {Times.Since(status.Since, page.Now)}</span> """);
        html.Add($"""{Probe(status.LastProbe, page.Now)}{Attestation(facts.Enclave.Attestation, page.Now)}</td>""");
        html.Add($"""<th role="rowheader" scope="row" class="who"><b>{enclave.Id}</b>{Name(enclave)} """);
        html.Add($"""<code>{Breaks.In(enclave.Endpoint.ToString())}</code>{Belongs(enclave)}</th>""");
        html.Add($"""<td role="cell" class="why">{Breaks.In(status.Reason)}{Errors(enclave, key, page.Now)}</td>""");
    }

    private static void WriteNow(HtmlWriter html, PageSnapshot.EnclaveFacts facts)
    {
        var (enclave, minute) = (facts.Enclave, facts.LastMinute);
        var (open, idle, tunnels, queued) = (enclave.OpenConnections, enclave.IdleConnections, enclave.Tunnels, enclave.Queued);
        Figure(html, "requests", $"{Words.Rate(minute.Rate)}/s", "");
        Figure(html, "errors (5xx)", minute.ErrorShare is { } share ? Words.Percent(share) : "–", minute.Errors > 0 ? "bad" : "");
        Figure(html, "in flight", Words.Count(enclave.InFlight), "");
        if (queued > 0)
            Figure(html, "waiting", Words.Count(queued), "bad");
        Figure(html, "connections", idle > 0 ? $"{Words.Count(open)}, {Words.Count(idle)} idle" : Words.Count(open), "");
        if (tunnels > 0)
            Figure(html, "of them tunnels", Words.Count(tunnels), "");
    }

    private static void WriteTotals(HtmlWriter html, PageSnapshot.EnclaveFacts facts)
    {
        var metrics = facts.Enclave.Metrics;
        var (requests, retries, failovers) = (metrics.Requests, metrics.Retries, metrics.Failovers);
        Figure(html, "requests", Words.Count(requests.Total), "");
        Figure(html, "4xx", Words.Count(requests.ClientErrors), "");
        Figure(html, "5xx", Words.Count(requests.ServerErrors), "", Codes(requests));
        Figure(html, "retries", failovers > 0 ? $"{Words.Count(retries)}, {Words.Count(failovers)} elsewhere" : Words.Count(retries), "");
        html.Add($"</dl><dl>");
        Figure(html, "bytes to it", Words.Bytes(metrics.RequestBytes), "");
        Figure(html, "bytes from it", Words.Bytes(metrics.ResponseBytes), "");
        Figure(html, "outages", Words.Count(metrics.Outages), facts.Recent.Outages > 0 ? "bad" : "");
        Figure(html, "downtime", Words.Age(facts.Enclave.Downtime), "");
        Figure(html, "state changes", Words.Count(metrics.StateChanges), "");
    }

    private static void Figure(HtmlWriter html, string name, string value, string tone, string note = "") =>
        html.Add($"""<div class="{tone}"><dt>{name}</dt><dd>{value}{Note(note)}</dd></div>""");

    private static Action<HtmlWriter> Note(string note) => html =>
    {
        if (note.Length > 0)
            html.Add($""" <span class="quiet">{note}</span>""");
    };

    private static Action<HtmlWriter> Name(Enclave enclave) => html =>
    {
        if (enclave.Name != enclave.Id)
            html.Add($""" <span class="name">{Breaks.In(enclave.Name)}</span>""");
    };

    private static Action<HtmlWriter> Belongs(Enclave enclave) => html =>
    {
        if (enclave.Cluster is { } cluster)
            html.Add($""" <span class="quiet">cluster {cluster}, not counted in health</span>""");
        else if (enclave.Weight != 1)
            html.Add($""" <span class="quiet">weight {enclave.Weight}</span>""");
        if (enclave.IsBackup)
            html.Add($""" <span class="quiet">backup</span>""");
    };

    // By their codes errors tell whose they are.
    private static string Codes(RequestCounts requests)
    {
        var codes = requests.Read()
            .Where(request => request.Code >= 500)
            .GroupBy(request => request.Code, request => request.Count)
            .OrderByDescending(code => code.Sum())
            .Take(CodesShown)
            .ToList();
        return codes is [var only] ? $"all {only.Key}" : string.Join(", ", codes.Select(code => $"{Words.Count(code.Sum())} × {code.Key}"));
    }

    private static Action<HtmlWriter> Errors(Enclave enclave, string key, DateTimeOffset now) => html =>
    {
        if (enclave.Metrics.Errors.Latest is not { Count: > 0 } errors)
            return;
        html.Add($"""<details data-key="errors-{key}"><summary>Last errors<span class="quiet">, """);
        html.Add($"""latest {Times.Since(errors[0].At, now)} ago</span></summary><ol class="errors">""");
        foreach (var error in errors)
            html.Add($"<li>{Times.Clock(error.At)} <code>{error.Code}</code>{Often(error.Times)} {Breaks.In(error.Detail)}</li>");
        html.Add($"</ol></details>");
    };

    private static Action<HtmlWriter> Often(long times) => html =>
    {
        if (times > 1)
            html.Add($""" <span class="quiet">{Words.Count(times)} times</span>""");
    };

    private static void WriteTimes(HtmlWriter html, PageSnapshot.EnclaveFacts facts, string id, TimeSpan slowest)
    {
        var title = $"95th percentile of the times of requests to enclave {facts.Label}, last 15 minutes";
        var plot = new Plot(id, title, Plot.TailOf(facts.History), TrafficHistory.Length, Plot.Seconds)
        {
            Height = 96,
            AtLeast = slowest.TotalSeconds,
            Marked = [.. facts.History.Select(sample => sample.IsOut)],
            MarkedAs = "It was out",
        };
        html.Add($"""<div class="frame">""");
        plot.Write(html);
        html.Add($"""</div><dl>""");
        foreach (var (name, share) in Plot.Shares)
            Figure(html, name, facts.Recent.Times.Quantile(share) is { } time ? Words.Duration(time) : "–", "");
        html.Add($"</dl>");
    }

    // What a rejected document leads to stands with the state.
    private static Action<HtmlWriter> Attestation(EnclaveTrust? trust, DateTimeOffset now) => html =>
    {
        if (trust is null)
            return;
        var style = trust.Verdict == TrustVerdict.Verified ? "nowrap" : "bad";
        var root = trust.IsCustomRoot ? ", by a custom root" : "";
        html.Add($"""<br><span class="{style}">attestation {trust.Verdict.ToString().ToLowerInvariant()}{root}</span> """);
        html.Add($"""<span class="quiet nowrap">{Times.Since(trust.CheckedAt, now)} ago</span>""");
        if (trust.Verdict != TrustVerdict.Verified)
            html.Add($"""<br><span class="quiet">{Words.Sentence(trust.Detail)}</span>""");
    };

    private static Action<HtmlWriter> Probe(ProbeResult? probe, DateTimeOffset now) => html =>
    {
        if (probe is null)
        {
            html.Add($"""<span class="quiet">not probed yet</span>""");
            return;
        }

        var (style, took) = probe.Ok ? ("nowrap", "in") : ("bad", "after");
        html.Add($"""<span class="{style}">probe {probe.Status?.ToString() ?? probe.Code} """);
        html.Add($"""{took} {Words.Duration(probe.Latency)}</span> """);
        html.Add($"""<span class="quiet nowrap">{Times.Since(probe.At, now)} ago</span>""");
    };
}
