namespace ParentProxy.Admin.StatusPage;

/// <summary>What nitro-cli tells.</summary>
internal static class DiscoverySection
{
    /// <summary>Writes the section.</summary>
    public static void Write(HtmlWriter html, PageSnapshot page)
    {
        html.Add($"""<section id="discovery" aria-labelledby="discovery-title"><h2 id="discovery-title">Discovery</h2>""");
        if (page.Discovery is not { } discovery)
        {
            html.Add($"""<p>Off: the enclaves are those of the configuration (Discovery:Enabled).</p></section>""");
            return;
        }

        html.Add($"""<dl class="facts"><div><dt>Program</dt><dd><code>{discovery.Program}</code></dd></div><div><dt>Last success</dt><dd>{Last(discovery, page.Now)}</dd></div><div><dt>Calls</dt><dd>{Words.Count(discovery.Calls)}, {Words.Count(discovery.Failures)} failed</dd></div>""");
        if (discovery.LastError is { } error)
            html.Add($"""<div class="bad"><dt>Last error</dt><dd>{error}</dd></div>""");
        html.Add($"</dl>");
        if (discovery.Enclaves.Count == 0)
            html.Add($"<p>nitro-cli has told of no enclave.</p>");
        else
            WriteTable(html, discovery.Enclaves);
        html.Add($"</section>");
    }

    private static Action<HtmlWriter> Last(DiscoveryView discovery, DateTimeOffset now) => html =>
    {
        if (discovery.LastSuccess is { } at)
            html.Add($"{Times.Since(at, now)} ago");
        else
            html.Add($"none yet");
    };

    private static void WriteTable(HtmlWriter html, IReadOnlyList<DiscoveryView.FoundView> enclaves)
    {
        html.Add($"""<div class="scroll" role="region" aria-labelledby="discovery-title" tabindex="0"><table><caption class="hidden">Enclaves that nitro-cli told of</caption><thead><tr><th scope="col">Name</th><th scope="col">Id here</th><th scope="col" class="number">CID</th><th scope="col">State</th><th scope="col">Use</th><th scope="col" class="number">CPUs</th><th scope="col" class="number">MiB</th></tr></thead><tbody>""");
        foreach (var enclave in enclaves)
        {
            var tone = enclave.Accepted ? "good" : "note";
            html.Add($"""<tr data-key="{enclave.EnclaveId}"><th scope="row">{enclave.Name}<br><code class="quiet">{enclave.EnclaveId}</code></th><td>{enclave.Id ?? "–"}</td><td class="number">{enclave.Cid}</td><td>{enclave.State ?? "–"}{(enclave.Debug ? ", debug mode" : "")}</td><td class="wide"><span class="tag {tone}">{Icons.Of(tone)}{(enclave.Accepted ? "used" : "not used")}</span> {enclave.Reason}</td><td class="number">{enclave.Cpus?.ToString() ?? "–"}</td><td class="number">{enclave.MemoryMiB?.ToString() ?? "–"}</td></tr>""");
        }

        html.Add($"</tbody></table></div>");
    }
}
