using System.CommandLine;
using System.Text.Json;
using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Commands.Listeners;
using ParentProxy.Configuration;

namespace ParentProxy.Commands.Check;

/// <summary><c>parent-proxy check</c>: what <c>run</c> would do with the configuration, without doing it.</summary>
internal static class CheckCommand
{
    /// <summary>The command with its options.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    /// <param name="config">Names the one file of any other command.</param>
    /// <param name="variables">Names a file of variables.</param>
    public static Command Create(
        Func<ParseResult, ConfigurationSources> sources, Option<string?> config, EnvironmentFileOption variables)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Configuration files, each judged on its own. Otherwise the one that run would read.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var json = new Option<bool>("--json")
        {
            Description = "Print JSON: mistakes, warnings, listeners, enclaves and all settings in effect.",
        };
        var quiet = new Option<bool>("--quiet") { Description = "Print nothing but mistakes: for scripts, and for systemctl reload." };
        var check = new ExampleCommand(
            "check",
            "Check the configuration: print what it amounts to and where each value comes from, or every mistake. Connects to no enclave.",
            "parent-proxy check",
            "parent-proxy check new.json && sudo cp new.json /etc/parent-proxy/appsettings.json",
            "parent-proxy check --json a.json b.json | jq -r '.files[].problems[].reason'")
        {
            files, json, quiet,
        };
        check.Validators.Add(parsed =>
        {
            var named = parsed.GetValue(files) ?? [];
            if (named.Length > 0 && parsed.GetResult(config) is { Implicit: false })
                parsed.AddError("--config and FILE are the same thing");
            foreach (var option in named.Where(file => file.StartsWith('-')))
                parsed.AddError($"'{option}' is no option of check");
        });
        check.SetAction((parsed, _) =>
        {
            var common = sources(parsed);
            var named = parsed.GetValue(files) ?? [];
            ConfigurationSources[] all = named.Length == 0 ? [common] : [.. named.Select(file => common with { ConfigFile = file })];
            return RunAsync(
                [.. all.Select(one => variables.Complete(parsed, one))],
                parsed.GetValue(json),
                parsed.GetValue(quiet));
        });
        return check;
    }

    /// <summary>Prints what each configuration comes to, or every mistake in it. Dials no enclave.</summary>
    /// <param name="sources">What each is read from.</param>
    /// <param name="isJson">Whether JSON is printed.</param>
    /// <param name="isQuiet">Whether nothing is printed of what is right.</param>
    /// <returns>The exit code.</returns>
    private static async Task<int> RunAsync(IReadOnlyList<ConfigurationSources> sources, bool isJson, bool isQuiet)
    {
        var files = new List<CheckedFile>();
        foreach (var one in sources)
            files.Add(await JudgeAsync(one));
        if (isJson)
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(CheckView.Of(files), CheckJson.Indented.CheckView));
        else
            await WriteAsync(files, isQuiet);
        return files.TrueForAll(file => file.IsGood) ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<CheckedFile> JudgeAsync(ConfigurationSources sources)
    {
        var loaded = await WholeConfiguration.LoadAsync(sources);
        var isLeftOut = sources.EnvironmentFile is null && !sources.IsSystemFile && !EnvironmentFileOption.IsOfSystemd(sources);
        var unread = isLeftOut && File.Exists(sources.SystemEnvironmentFile) ? sources.SystemEnvironmentFile : null;
        if (loaded.Options is not { } options)
            return new CheckedFile(loaded, [], unread);
        using var running = new RunningProxy(options.Admin);
        var survey = new PlaceSurvey(new Machine(), await running.HealthAsync());
        return new CheckedFile(loaded, [.. ListenPlace.Of(options).Select(survey.Look)], unread);
    }

    private static async Task WriteAsync(IReadOnlyList<CheckedFile> files, bool isQuiet)
    {
        foreach (var (position, file) in files.Index())
        {
            if (!file.IsGood)
            {
                await Console.Error.WriteLineAsync(ConfigurationSummary.Mistakes(file.Loaded));
                if (file.Unread is not null)
                    await Console.Error.WriteLineAsync(ConfigurationSummary.Unread(file.Unread));
                continue;
            }

            if (isQuiet)
                continue;
            if (position > 0)
                await Console.Out.WriteLineAsync();
            foreach (var line in ConfigurationSummary.Lines(file, file.Loaded.Options!))
                await Console.Out.WriteLineAsync(line);
        }
    }
}
