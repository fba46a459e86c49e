using ParentProxy.Admin.History;
using ParentProxy.Html;
using ParentProxy.Ingress.Failover;

namespace ParentProxy.Admin.StatusPage;

/// <summary>All requests of the last 15 minutes, and what became of those that were not simply answered.</summary>
internal static class TrafficSection
{
    /// <summary>Writes the element: three plots, and counts since the start.</summary>
    public static void Write(HtmlWriter html, PageSnapshot page)
    {
        html.Add($"""<section id="traffic" aria-labelledby="traffic-title">""");
        html.Add($"""<h2 id="traffic-title">Traffic <span class="quiet">last 15 minutes</span></h2><div class="plots">""");
        var (traffic, all) = (page.Traffic, TrafficHistory.Length);
        IReadOnlyList<double?> rates = [.. traffic.Select(sample => (double?)sample.Rate)];
        IReadOnlyList<double?> errors = [.. traffic.Select(sample => sample.ErrorShare)];
        Figure(
            html,
            new Plot("requests", "Requests per second, last 15 minutes", rates, all, rate => $"{Words.Rate(rate)}/s") { AtLeast = 1 },
            "Requests per second");
        Figure(
            html,
            new Plot("errors", "Share of answers that were errors (5xx), last 15 minutes", errors, all, Words.Percent) { AtLeast = 0.01 },
            "Error share (5xx)");
        Figure(
            html,
            new Plot("times", "95th percentile of the times of requests, last 15 minutes", Plot.TailOf(traffic), all, Plot.Seconds)
            {
                AtLeast = 0.001,
            },
            "Request time (p95)");
        html.Add($"</div>");
        WriteCounts(html, page);
        html.Add($"</section>");
    }

    private static void Figure(HtmlWriter html, Plot plot, string caption)
    {
        var latest = plot.Values.Count > 0 && plot.Values[^1] is { } value ? plot.Unit(value) : "–";
        html.Add($"""<figure class="{plot.Id}"><figcaption>{caption} <b>{latest}</b></figcaption><div class="frame">""");
        (plot with { HasGrid = true }).Write(html);
        html.Add($"""<span class="ends" aria-hidden="true"><span>15 min ago</span><span>now</span></span></div></figure>""");
    }

    private static void WriteCounts(HtmlWriter html, PageSnapshot page)
    {
        var counts = page.Sources.Retries.Counts;
        var rejections = page.Sources.Retries.Rejections;
        html.Add($"""<div class="lists"><div><h3>Requests <span class="quiet">since the start</span></h3><dl class="counts">""");
        var all = page.Sources.Registry.Meter.All.Select(metrics => metrics.Requests).ToList();
        Count("answered", "enclaves that are no longer there included", all.Sum(requests => requests.Total));
        Count("4xx", "499: the client was gone before the answer", all.Sum(requests => requests.ClientErrors));
        Count("5xx", "by enclaves or made here", all.Sum(requests => requests.ServerErrors));
        Count("unreached", "answered here, no enclave had them", page.Sources.Registry.Meter.None.Requests.Total);
        html.Add($"""</dl></div><div><h3>Retries <span class="quiet">since the start</span></h3><dl class="counts">""");
        Count("connect", "the enclave could not be dialled, or had just left", counts.Of(RetryReason.Connect));
        Count("busy", "all connections of the enclave were busy", counts.Of(RetryReason.Busy));
        Count("idle", "the enclave closed an idle connection as it was used", counts.Of(RetryReason.Idle));
        Count("reset", "the connection ended before any byte of an answer", counts.Of(RetryReason.Reset));
        Count("moved", "the enclave left before any byte of an answer", counts.Of(RetryReason.Moved));
        Count("denied", "not sent again: the budget was spent", counts.Denied);
        html.Add($"""</dl></div><div><h3>Rejected <span class="quiet">since the start</span></h3><dl class="counts">""");
        Count("connections", "all connections busy for too long, or too many waited", rejections.Connections);
        Count("tunnels", "as many upgraded connections as may be", rejections.Tunnels);
        Count("waiting", "too many waited for an enclave", rejections.Waiting);
        html.Add($"""</dl></div><div><h3>Waiting <span class="quiet">now</span></h3><dl class="counts">""");
        Count("connection", "for a free connection", page.WaitingForConnection);
        Count("enclave", "until an enclave can be dialled", page.WaitingForEnclave);
        html.Add($"</dl></div></div>");

        void Count(string name, string meaning, long count) =>
            html.Add($"""<div class="{(count > 0 ? "some" : "")}"><dt>{name}</dt><dd>{Words.Count(count)}</dd>""")
                .Add($"""<dd class="quiet">{meaning}</dd></div>""");
    }
}
