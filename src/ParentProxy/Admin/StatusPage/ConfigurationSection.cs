namespace ParentProxy.Admin.StatusPage;

/// <summary>The configuration in effect, without what could be a secret.</summary>
internal static class ConfigurationSection
{
    /// <summary>Writes the section.</summary>
    public static void Write(HtmlWriter html, PageSnapshot page)
    {
        var reloads = page.Sources.Reloads;
        html.Add($"""<section id="configuration" aria-labelledby="configuration-title"><h2 id="configuration-title">Configuration</h2><dl class="facts"><div><dt>File</dt><dd>{File(reloads.File)}</dd></div><div><dt>In effect</dt><dd>for {Times.Since(reloads.InEffectSince, page.Now)}</dd></div><div><dt>Reloads</dt><dd>{Words.Count(reloads.Successes)} done, {Words.Count(reloads.Failures)} refused</dd></div>""");
        if (reloads.LastRefusal is { } refusal)
            html.Add($"""<div class="{(reloads.LastSucceeded ? "" : "bad")}"><dt>Last refused</dt><dd>{Times.Since(refusal, page.Now)} ago: {string.Join("; ", reloads.Problems)}</dd></div>""");
        if (reloads.NeedRestart.Count > 0)
            html.Add($"<div><dt>Need a restart</dt><dd>{string.Join(", ", reloads.NeedRestart)}</dd></div>");
        foreach (var warning in reloads.Warnings)
            html.Add($"<div><dt>Warning</dt><dd>{warning.ToString()}</dd></div>");
        html.Add($"</dl>");
        WriteSettings(html, EffectiveSettings.Of(page.Options));
        html.Add($"</section>");
    }

    private static Action<HtmlWriter> File(string? file) => html =>
    {
        if (file is null)
            html.Add($"none: environment, command line and defaults");
        else
            html.Add($"<code>{file}</code>");
    };

    private static void WriteSettings(HtmlWriter html, IReadOnlyList<Setting> settings)
    {
        var own = settings.Count(setting => !setting.IsDefault);
        html.Add($"""<details data-key="settings"><summary>All {settings.Count} settings in effect<span class="quiet">, {own} of them not at {Words.Plural(own, "its default", "their defaults")}</span></summary><p class="quiet foot">Settings that are not at their defaults stand out. What could be a secret is shown as {Redaction.Mark}.</p><div class="settings">""");
        foreach (var section in settings.GroupBy(setting => setting.Section))
        {
            html.Add($"""<section data-key="{section.Key}"><h3>{section.Key}</h3><dl>""");
            foreach (var setting in section)
                html.Add($"""<div class="{(setting.IsDefault ? "" : "own")}"><dt>{(setting.Key.Length > 0 ? setting.Key : section.Key)}</dt><dd>{Value(setting)}</dd></div>""");
            html.Add($"</dl></section>");
        }

        html.Add($"</div></details>");
    }

    private static Action<HtmlWriter> Value(Setting setting) => html =>
    {
        if (setting.Value is null)
            html.Add($"""<span class="quiet">not set</span>""");
        else if (setting.Value.Length == 0)
            html.Add($"""<span class="quiet">empty</span>""");
        else
            html.Add($"{setting.Value}");
    };
}
