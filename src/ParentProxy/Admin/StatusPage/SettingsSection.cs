using ParentProxy.Capabilities;
using ParentProxy.Hosting;
using ParentProxy.Html;

namespace ParentProxy.Admin.StatusPage;

/// <summary>The configuration in effect, without what could be a secret, and how its reloads went.</summary>
internal sealed class SettingsSection(ReloadStatus reloads) : IStatusSection
{
    /// <inheritdoc/>
    public string Id => "configuration";

    /// <inheritdoc/>
    public string Title => "Configuration";

    /// <inheritdoc/>
    public StatusPart Read(StatusMoment moment) => new([.. Findings(moment.Now)], html => Write(html, moment));

    private IEnumerable<Finding> Findings(DateTimeOffset now)
    {
        if (!reloads.LastSucceeded && reloads.LastRefusal is { } at)
        {
            var age = Words.Age(now - at);
            yield return new Finding("warn", "Configuration", $"was refused {age} ago, and the one before it stays in effect.");
        }

        if (reloads.NeedRestart is { Count: > 0 } paths)
        {
            var effect = $"{Words.Plural(paths.Count, "takes", "take")} effect after a restart";
            yield return new Finding("note", "Configuration", $"{string.Join(", ", paths)} changed and {effect}.");
        }
    }

    private void Write(HtmlWriter html, StatusMoment moment)
    {
        html.Add($"""<section id="configuration" aria-labelledby="configuration-title"><h2 id="configuration-title">Configuration</h2>""");
        html.Add($"""<dl class="facts"><div><dt>File</dt><dd>{File(reloads.File)}</dd></div>""");
        html.Add($"""<div><dt>In effect</dt><dd>for {Times.Since(reloads.InEffectSince, moment.Now)}</dd></div>""");
        html.Add($"""<div><dt>Reloads</dt><dd>{Words.Count(reloads.Successes)} done, {Words.Count(reloads.Failures)} refused</dd></div>""");
        if (reloads.LastRefusal is { } refusal)
        {
            html.Add($"""<div class="{(reloads.LastSucceeded ? "" : "bad")}"><dt>Last refused</dt>""");
            html.Add($"""<dd>{Times.Since(refusal, moment.Now)} ago: {string.Join("; ", reloads.Problems)}</dd></div>""");
        }

        if (reloads.NeedRestart.Count > 0)
            html.Add($"<div><dt>Need a restart</dt><dd>{string.Join(", ", reloads.NeedRestart)}</dd></div>");
        foreach (var warning in reloads.Warnings)
            html.Add($"<div><dt>Warning</dt><dd>{warning.ToString()}</dd></div>");
        html.Add($"</dl>");
        WriteSettings(html, EffectiveSettings.Of(moment.Options));
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
        html.Add($"""<details data-key="settings"><summary>All {settings.Count} settings in effect<span class="quiet">, """);
        html.Add($"""{own} of them not at {Words.Plural(own, "its default", "their defaults")}</span></summary>""");
        html.Add($"""<p class="quiet foot">Settings that are not at their defaults stand out. """);
        html.Add($"""What could be a secret is shown as {Redaction.Mark}.</p><div class="settings">""");
        foreach (var section in settings.GroupBy(setting => setting.Section))
        {
            html.Add($"""<section data-key="{section.Key}"><h3>{section.Key}</h3><dl>""");
            foreach (var setting in section)
            {
                html.Add($"""<div class="{(setting.IsDefault ? "" : "own")}">""");
                html.Add($"""<dt>{(setting.Key.Length > 0 ? setting.Key : section.Key)}</dt><dd>{Value(setting)}</dd></div>""");
            }

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
