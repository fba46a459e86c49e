using ParentProxy.Capabilities;
using ParentProxy.Html;

namespace ParentProxy.Admin.StatusPage;

/// <summary>The response to the first question: is it well, and if not, whose fault is it.</summary>
internal static class HeadlineSection
{
    /// <summary>Writes the element: verdict, findings, and the figures of the last minute.</summary>
    public static void Write(HtmlWriter html, PageSnapshot page)
    {
        var tone = Icons.Tone(page.Summary.Status);
        html.Add($"""<section class="headline {tone}" aria-labelledby="status-title"><h2 id="status-title" class="hidden">Status</h2>""");
        html.Add($"""<div class="verdict"><p class="word" id="status" role="status">{Icons.Of(tone)}""");
        html.Add($"""<strong>{page.Summary.Status}</strong> <span>{Counted(page)}</span></p>""");
        html.Add($"""<p class="since">since {Times.Since(page.Since, page.Now)} """);
        html.Add($"""<span class="quiet">({Words.Moment(page.Since)})</span></p></div>""");
        WriteFindings(html, Findings.Of(page));
        WriteFigures(html, page);
        html.Add($"</section>");
    }

    private static string Counted(PageSnapshot page) => page.Summary.Total == 0
        ? "no enclave"
        : $"{page.Summary.Healthy} of {page.Summary.Total} {Words.Plural(page.Summary.Total, "enclave", "enclaves")} healthy";

    private static void WriteFindings(HtmlWriter html, IReadOnlyList<Finding> findings)
    {
        if (findings.All(finding => finding.Tone == "note"))
            html.Add($"""<ul class="findings"><li>{Icons.Of("good")}<span>Nothing is wrong that this proxy knows of.</span></li>""");
        else
            html.Add($"""<ul class="findings">""");
        foreach (var finding in findings)
            html.Add($"<li>{Icons.Of(finding.Tone)}<span><b>{Breaks.In(finding.Subject)}</b> {Breaks.In(finding.Text)}</span></li>");
        html.Add($"</ul>");
    }

    private static void WriteFigures(HtmlWriter html, PageSnapshot page)
    {
        var minute = page.LastMinute;
        var waiting = page.WaitingForEnclave + page.WaitingForConnection;
        html.Add($"""<dl class="figures">""");
        Figure("requests/s", Words.Rate(minute.Rate), "");
        Figure("errors (5xx)", minute.ErrorShare is { } errors ? Words.Percent(errors) : "–", page.IsFailing ? "bad" : "");
        Figure("in flight", Words.Count(page.Enclaves.Sum(enclave => enclave.Enclave.InFlight)), "");
        Figure("waiting", Words.Count(waiting), waiting > 0 ? "bad" : "");
        foreach (var (name, share) in Plot.Shares)
            Figure($"{name} time", minute.Times.Quantile(share) is { } time ? Words.Duration(time) : "–", "");
        html.Add($"""</dl><p class="quiet foot">requests, errors and times: of the last minute</p>""");

        void Figure(string name, string value, string tone) => html.Add($"""<div class="{tone}"><dt>{name}</dt><dd>{value}</dd></div>""");
    }
}
