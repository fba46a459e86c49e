using ParentProxy.Enclaves;
using ParentProxy.History;

namespace ParentProxy.Admin.StatusPage;

/// <summary>The enclaves, one row each.</summary>
internal static class EnclavesSection
{
    private const int CodesShown = 3;

    private static readonly string[] Columns = ["State", "Enclave", "Why", "Requests/s", "Errors", "In flight", "Connections", "Mean time, 15 min", "Last probe"];

    /// <summary>The word of the contract for a state.</summary>
    public static string Word(EnclaveState state) => state.ToString().ToLowerInvariant();

    /// <summary>Writes the section.</summary>
    public static void Write(HtmlWriter html, PageSnapshot page)
    {
        html.Add($"""<section id="enclaves" aria-labelledby="enclaves-title"><h2 id="enclaves-title">Enclaves</h2>""");
        if (page.Enclaves.Count == 0)
        {
            html.Add($"<p>There is no enclave.</p></section>");
            return;
        }

        // Roles are written out: the narrow form lays the rows out as cards, and browsers then no longer see a table.
        html.Add($"""<table class="enclaves" role="table" aria-labelledby="enclaves-title"><caption class="hidden">Each enclave with its state, its traffic of the last minute and its last probe</caption><thead role="rowgroup"><tr role="row">""");
        foreach (var column in Columns)
            html.Add($"""<th role="columnheader" scope="col">{column}</th>""");
        html.Add($"""</tr></thead><tbody role="rowgroup">""");
        // One scale for all lines: the enclave that is slower than the others is seen at a glance.
        var slowest = page.Enclaves.SelectMany(enclave => enclave.History).Max(sample => sample.Mean) ?? TimeSpan.Zero;
        foreach (var (index, enclave) in page.Enclaves.Index())
            WriteRow(html, page, enclave, $"spark-{index}", slowest);
        html.Add($"""</tbody></table><p class="quiet foot">Requests/s and errors are those of the last minute, codes with their number those since the start. The lines have one scale; a shaded band is time in which the enclave was out.</p></section>""");
    }

    private static void WriteRow(HtmlWriter html, PageSnapshot page, PageSnapshot.EnclaveFacts facts, string plot, TimeSpan slowest)
    {
        var (enclave, status) = (facts.Enclave, facts.Status);
        var tone = Icons.Tone(status.State);
        html.Add($"""<tr role="row" class="{tone}" data-key="{enclave.Id}"><td role="cell" class="state" data-label="State"><span class="tag {tone}">{Icons.Of(tone)}{Word(status.State)}</span> <span class="quiet">for {Times.Since(status.Since, page.Now)}</span></td>""");
        html.Add($"""<th role="rowheader" scope="row" class="who"><b>{enclave.Id}</b>{Name(enclave)} <code>{enclave.Endpoint.ToString()}</code>{Belongs(enclave)}</th><td role="cell" class="why" data-label="Why">{status.Reason}{Errors(enclave, page.Now)}</td>""");

        var minute = facts.LastMinute;
        var (idle, tunnels) = (enclave.IdleConnections, enclave.Tunnels);
        html.Add($"""<td role="cell" class="number" data-label="Requests/s">{Words.Rate(minute.Rate)}</td><td role="cell" class="number{(minute.Errors > 0 ? " bad" : "")}" data-label="Errors">{(minute.ErrorShare is { } share ? Words.Percent(share) : "–")}{Codes(enclave)}</td>""");
        html.Add($"""<td role="cell" class="number" data-label="In flight">{Words.Count(enclave.InFlight)}{Waiting(enclave)}</td>""");
        html.Add($"""<td role="cell" class="number connections" data-label="Connections"><span title="active">{Math.Max(0, enclave.OpenConnections - idle - tunnels)} <i>active</i></span> <span title="idle">{idle} <i>idle</i></span> <span title="tunnels">{tunnels} <i>tunnel</i></span></td>""");
        html.Add($"""<td role="cell" class="spark" data-label="Mean time, 15 min">""");
        WriteSparkline(html, facts, plot, slowest);
        html.Add($"""</td><td role="cell" class="probe" data-label="Last probe">{Probe(status.LastProbe, page.Now)}</td></tr>""");
    }

    private static Action<HtmlWriter> Name(Enclave enclave) => html =>
    {
        if (enclave.Name != enclave.Id)
            html.Add($""" <span class="name">{enclave.Name}</span>""");
    };

    private static Action<HtmlWriter> Belongs(Enclave enclave) => html =>
    {
        if (enclave.Cluster is { } cluster)
            html.Add($""" <span class="quiet">cluster {cluster}, not counted in health</span>""");
        else if (enclave.Weight != 1)
            html.Add($""" <span class="quiet">weight {enclave.Weight}</span>""");
    };

    // By their codes errors tell whose they are: 502 to 504 are mostly made here, others by the application.
    private static Action<HtmlWriter> Codes(Enclave enclave) => html =>
    {
        var codes = enclave.Metrics.Requests.Read().Where(request => request.Code >= 500).GroupBy(request => request.Code, request => request.Count);
        foreach (var code in codes.OrderByDescending(code => code.Sum()).Take(CodesShown))
            html.Add($""" <span class="codes" title="{Words.Count(code.Sum())} answers with {code.Key} since the start">{Words.Count(code.Sum())} × {code.Key}</span>""");
    };

    private static Action<HtmlWriter> Waiting(Enclave enclave) => html =>
    {
        if (enclave.Queued > 0)
            html.Add($""" <span class="quiet">+{enclave.Queued} waiting</span>""");
    };

    private static Action<HtmlWriter> Errors(Enclave enclave, DateTimeOffset now) => html =>
    {
        if (enclave.Metrics.Errors.Latest is not { Count: > 0 } errors)
            return;
        html.Add($"""<details data-key="errors-{enclave.Id}"><summary>Last errors<span class="quiet">, latest {Times.Since(errors[0].At, now)} ago</span></summary><ol class="errors">""");
        foreach (var error in errors)
            html.Add($"<li>{Times.Clock(error.At)} <code>{error.Code}</code>{Often(error.Times)} {error.Detail}</li>");
        html.Add($"</ol></details>");
    };

    private static Action<HtmlWriter> Often(long times) => html =>
    {
        if (times > 1)
            html.Add($""" <span class="quiet">{Words.Count(times)} times</span>""");
    };

    private static void WriteSparkline(HtmlWriter html, PageSnapshot.EnclaveFacts facts, string id, TimeSpan slowest)
    {
        var plot = new Plot(id, $"Mean time of requests to enclave {facts.Label}, last 15 minutes", [.. facts.History.Select(sample => sample.Mean?.TotalSeconds)], TrafficHistory.Length, seconds => Words.Duration(TimeSpan.FromSeconds(seconds)))
        {
            Height = 96,
            AtLeast = slowest.TotalSeconds,
            Marked = [.. facts.History.Select(sample => sample.IsOut)],
            MarkedAs = "It was out",
        };
        plot.Write(html);
        html.Add($"""<span class="value">{(facts.LastMinute.Mean is { } mean ? Words.Duration(mean) : "–")}</span>""");
    }

    private static Action<HtmlWriter> Probe(ProbeResult? probe, DateTimeOffset now) => html =>
    {
        if (probe is null)
            html.Add($"""<span class="quiet">none yet</span>""");
        else if (probe.Ok)
            html.Add($"""<span class="nowrap">{probe.Status?.ToString() ?? probe.Code} in {Words.Duration(probe.Latency)}</span> <span class="quiet nowrap">{Times.Since(probe.At, now)} ago</span>""");
        else
            html.Add($"""<span class="bad">{(probe.Status is { } status ? status.ToString() : probe.Code)} after {Words.Duration(probe.Latency)}</span> <span class="quiet nowrap">{Times.Since(probe.At, now)} ago</span>""");
    };
}
