using System.Text;
using Microsoft.AspNetCore.Http;
using ParentProxy.Html;
using ParentProxy.Runtime;

namespace ParentProxy.Admin.StatusPage;

/// <summary>The status page: all that the admin listener knows, for people.</summary>
internal sealed class StatusDocument(PageSources sources)
{
    private readonly DateTimeOffset _started = sources.Time.GetUtcNow();

    /// <summary>Answers a GET or HEAD request.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        var body = Encoding.UTF8.GetBytes(Render());
        var response = context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = body.Length;
        response.Headers.ContentSecurityPolicy = PageAssets.Policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private string Render()
    {
        var page = new PageSnapshot(sources);
        var html = new HtmlWriter();
        var host = Environment.MachineName;
        var tone = Icons.Tone(page.Summary.Status);
        html.Add($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>{page.Summary.Status} {page.Summary.Healthy}/{page.Summary.Total} · {host} · ParentProxy</title>
            <link rel="icon" href="{Icons.Tab(tone)}">
            <style>{PageAssets.Style}</style>
            <noscript><meta http-equiv="refresh" content="10"></noscript>
            </head>
            <body>
            <a class="skip" href="#main">Skip to content</a>
            <header>
            <h1>ParentProxy <span>{host}</span></h1>
            <nav aria-label="Sections"><a href="#enclaves">Enclaves</a> <a href="#traffic">Traffic</a>{Links()}</nav>
            {Process(page)}
            <p id="connection" class="connection" role="status"></p>
            </header>
            <main id="main" tabindex="-1">

            """);
        HeadlineSection.Write(html, page);
        EnclavesSection.Write(html, page);
        TrafficSection.Write(html, page);
        html.Add($"""<div class="pair">""");
        foreach (var part in page.Parts)
            part.Html(html);
        html.Add($"""</div>{page.Settings.Html}""");
        html.Add($"""

            </main>
            <footer><p>Times are UTC. Attestation is not checked by this version. For programs: {Paths()}.</p></footer>
            <script>{PageAssets.Script}</script>
            </body>
            </html>

            """);
        return html.ToString();
    }

    private Action<HtmlWriter> Links() => html =>
    {
        foreach (var section in sources.Sections.Append(sources.Settings))
            html.Add($""" <a href="#{section.Id}">{section.Title}</a>""");
    };

    private Action<HtmlWriter> Process(PageSnapshot page) => html =>
    {
        html.Add($"""<dl id="process" class="process"><div><dt>version</dt><dd>{ProgramVersion.Text}</dd></div>""");
        html.Add($"""<div><dt>up</dt><dd>{Times.Since(_started, page.Now)}</dd></div>""");
        html.Add($"""<div><dt>memory</dt><dd>{Words.Bytes(Environment.WorkingSet)}</dd></div>""");
        html.Add($"""<div><dt>open files</dt><dd>{(page.OpenFiles is { } open ? Words.Count(open) : "–")}""");
        html.Add($"""{(page.MaxOpenFiles is { } max ? $" of {Words.Count(max)}" : "")}</dd></div>""");
        html.Add($"""<div><dt>host clock</dt><dd>{Words.Moment(page.Now)}</dd></div></dl>""");
    };

    private static Action<HtmlWriter> Paths() => html =>
        html.Add($"""<a href="/health">/health</a>, <a href="/enclaves">/enclaves</a>, <a href="/metrics">/metrics</a>""");
}
