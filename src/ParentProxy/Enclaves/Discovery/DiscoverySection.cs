using ParentProxy.Capabilities;
using ParentProxy.Html;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>What nitro-cli tells, on the status page.</summary>
internal sealed class DiscoverySection(DiscoveryMonitor discovery, EnclaveRegistry registry) : IStatusSection
{
    /// <inheritdoc/>
    public string Id => "discovery";

    /// <inheritdoc/>
    public string Title => "Discovery";

    /// <inheritdoc/>
    public StatusPart Read(StatusMoment moment)
    {
        var view = DiscoveryView.Of(discovery, registry, moment.Options.Discovery, moment.Now);
        return new StatusPart([.. Findings(view, discovery.Status.Failure)], html => Write(html, view, moment.Now));
    }

    private static IEnumerable<Finding> Findings(DiscoveryView? view, DescribeFailure? failure)
    {
        if (view is null || failure is null)
            yield break;
        var effect = view.Enclaves.Count > 0 ? "what was known stays in use" : "it has told of no enclave so far";
        yield return new Finding("warn", "Discovery", $"cannot ask nitro-cli; {effect}. {Words.Sentence(failure.ToString())}");
    }

    private static void Write(HtmlWriter html, DiscoveryView? view, DateTimeOffset now)
    {
        html.Add($"""<section id="discovery" aria-labelledby="discovery-title"><h2 id="discovery-title">Discovery</h2>""");
        if (view is null)
        {
            html.Add($"""<p>Off: the enclaves are those of the configuration (Discovery:Enabled).</p></section>""");
            return;
        }

        html.Add($"""<dl class="facts"><div><dt>Program</dt><dd><code>{view.Program}</code></dd></div>""");
        html.Add($"""<div><dt>Last success</dt><dd>{Last(view, now)}</dd></div>""");
        html.Add($"""<div><dt>Calls</dt><dd>{Words.Count(view.Calls)}, {Words.Count(view.Failures)} failed</dd></div>""");
        if (view.LastError is { } error)
            html.Add($"""<div class="bad"><dt>Last error</dt><dd>{error}</dd></div>""");
        html.Add($"</dl>");
        if (view.Enclaves.Count == 0)
            html.Add($"<p>nitro-cli has told of no enclave.</p>");
        else
            WriteTable(html, view.Enclaves);
        html.Add($"</section>");
    }

    private static Action<HtmlWriter> Last(DiscoveryView view, DateTimeOffset now) => html =>
    {
        if (view.LastSuccess is { } at)
            html.Add($"{Times.Since(at, now)} ago");
        else
            html.Add($"none yet");
    };

    private static void WriteTable(HtmlWriter html, IReadOnlyList<DiscoveryView.FoundView> enclaves)
    {
        html.Add($"""<div class="scroll" role="region" aria-labelledby="discovery-title" tabindex="0">""");
        html.Add($"""<table><caption class="hidden">Enclaves that nitro-cli told of</caption>""");
        html.Add($"""<thead><tr><th scope="col">Name</th><th scope="col">Id here</th><th scope="col" class="number">CID</th>""");
        html.Add($"""<th scope="col">State</th><th scope="col">Use</th><th scope="col" class="number">CPUs</th>""");
        html.Add($"""<th scope="col" class="number">MiB</th></tr></thead><tbody>""");
        foreach (var enclave in enclaves)
        {
            var tone = enclave.Accepted ? "good" : "note";
            html.Add($"""<tr data-key="{enclave.EnclaveId}"><th scope="row">{enclave.Name}<br>""");
            html.Add($"""<code class="quiet">{enclave.EnclaveId}</code></th><td>{enclave.Id ?? "–"}</td>""");
            html.Add($"""<td class="number">{enclave.Cid}</td><td>{enclave.State ?? "–"}{(enclave.Debug ? ", debug mode" : "")}</td>""");
            html.Add($"""<td class="wide"><span class="tag {tone}">{Icons.Of(tone)}{(enclave.Accepted ? "used" : "not used")}</span>""");
            html.Add($""" {enclave.Reason}</td><td class="number">{enclave.Cpus?.ToString() ?? "–"}</td>""");
            html.Add($"""<td class="number">{enclave.MemoryMiB?.ToString() ?? "–"}</td></tr>""");
        }

        html.Add($"</tbody></table></div>");
    }
}
