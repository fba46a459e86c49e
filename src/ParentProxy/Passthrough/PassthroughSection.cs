using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Html;

namespace ParentProxy.Passthrough;

/// <summary>The passthrough listeners on the status page.</summary>
/// <param name="listeners">Those that are open.</param>
internal sealed class PassthroughSection(Func<IReadOnlyList<PassthroughListener>> listeners) : IStatusSection
{
    /// <inheritdoc/>
    public string Id => "passthrough";

    /// <inheritdoc/>
    public string Title => "Passthrough";

    /// <inheritdoc/>
    public StatusPart Read(StatusMoment moment)
    {
        var open = listeners();
        List<(PassthroughListener Listener, ListenerView View)> shown = [.. open.Select(listener => (listener, listener.View()))];
        var closed = shown.Where(row => !row.View.Accepting && !moment.IsDraining).Select(row => Closed(row.View));
        return new StatusPart([.. closed], html => Write(html, shown, moment));
    }

    private static Finding Closed(ListenerView listener) =>
        new("bad", $"Listener {listener.Endpoint}", $"accepts no connections: {Words.Sentence(listener.Reason!)}")
        {
            KeepsClientsOut = true,
        };

    private static void Write(HtmlWriter html, List<(PassthroughListener Listener, ListenerView View)> rows, StatusMoment moment)
    {
        html.Add($"""<section id="passthrough" aria-labelledby="passthrough-title"><h2 id="passthrough-title">Passthrough</h2>""");
        if (rows.Count == 0)
        {
            html.Add($"""<p class="quiet">No raw connections are carried (Passthrough).</p></section>""");
            return;
        }

        html.Add($"""<div class="scroll" role="region" aria-labelledby="passthrough-title" tabindex="0">""");
        html.Add($"""<table><caption class="hidden">Passthrough listeners</caption><thead><tr><th scope="col">Address</th>""");
        html.Add($"""<th scope="col">To</th><th scope="col">State</th><th scope="col" class="number">Open</th>""");
        html.Add($"""<th scope="col" class="number">Ended</th><th scope="col" class="number">Refused</th>""");
        html.Add($"""<th scope="col" class="number">From clients</th><th scope="col" class="number">From enclaves</th></tr></thead><tbody>""");
        foreach (var (listener, view) in rows)
        {
            var tone = view.Accepting ? "good" : moment.IsDraining ? "leaving" : "bad";
            var counts = listener.Counts;
            html.Add($"""<tr data-key="{view.Endpoint}"><th scope="row"><code>{view.Endpoint}</code></th><td>{To(listener.Options)}</td>""");
            html.Add($"""<td><span class="tag {tone}">{Icons.Of(tone)}{(view.Accepting ? "accepting" : "closed")}</span></td>""");
            html.Add($"""<td class="number">{Words.Count(view.Connections)}</td><td class="number">{Words.Count(counts.TotalEnded)}</td>""");
            html.Add($"""<td class="number{(view.Rejected > 0 ? " bad" : "")}">{Words.Count(view.Rejected)}</td>""");
            html.Add($"""<td class="number">{Words.Bytes(counts.BytesFromClients)}</td>""");
            html.Add($"""<td class="number">{Words.Bytes(counts.BytesFromEnclaves)}</td></tr>""");
        }

        html.Add($"""</tbody></table></div><p class="quiet foot">The metric parentproxy_passthrough_refused_total has the reasons """);
        html.Add($"""for which connections were refused, the log the single ones.</p></section>""");
    }

    private static Action<HtmlWriter> To(PassthroughOptions options) => html =>
    {
        foreach (var (name, target) in options.Sni)
            html.Add($"""<code>{name}</code> → <code>{target?.Text ?? "reject"}</code><br>""");
        html.Add($"""{(options.Sni.Count > 0 ? "else → " : "")}<code>{options.To?.Text ?? "reject"}</code>""");
    };
}
