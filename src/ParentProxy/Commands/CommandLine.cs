using System.CommandLine;
using ParentProxy.Commands.Attest;
using ParentProxy.Commands.Check;
using ParentProxy.Commands.Doctor;
using ParentProxy.Commands.Listing;
using ParentProxy.Commands.Ping;
using ParentProxy.Configuration;

namespace ParentProxy.Commands;

/// <summary>The command line: <c>parent-proxy [run] [--config FILE] [--Section:Key=value …]</c>, <c>check</c>, <c>doctor</c>,
/// <c>enclaves</c>, <c>ping</c>, <c>attest</c>, <c>demo</c>, <c>enclave</c>.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command that the arguments name.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> InvokeAsync(string[] args)
    {
        // Settings are arguments of any name; the parser sees the rest. What follows -- is an application's own.
        var own = args.TakeWhile(static argument => argument != "--").ToList();
        var settings = own.Where(IsSetting).Select(Split).ToList();
        var words = Math.Max(0, args.Length - own.Count - 1);
        var parsed = Root(settings, words).Parse([.. own.Where(a => !IsSetting(a)), .. args.Skip(own.Count)]);
        if (parsed.Errors.Count > 0)
        {
            var unknown = UsageHint.For(parsed.UnmatchedTokens).ToList();
            foreach (var error in unknown.Count > 0 ? unknown : parsed.Errors.Select(error => error.Message))
                await Console.Error.WriteLineAsync($"parent-proxy: {error}");
            var command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            await Console.Error.WriteLineAsync($"Try 'parent-proxy{command} --help'. Settings have the form --Section:Key=value.");
            return ExitCode.Usage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            // Signals are the commands' own business: they drain first.
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        });
    }

    private static RootCommand Root(List<KeyValuePair<string, string>> settings, int words)
    {
        var config = new Option<string?>("--config")
        {
            Description = "The configuration file. Otherwise $PARENTPROXY_CONFIG, "
                + (Edition.IsForEnclaves ? "" : "/etc/parent-proxy/appsettings.json or the file beside the program; for enclave, ")
                + "/etc/parent-proxy/enclave.json.",
            HelpName = "FILE",
            Recursive = true,
        };
        var root = new RootCommand(
            "Reverse proxy for the parent instance of AWS Nitro Enclaves. Any setting can be given as --Section:Key=value.");
        root.Options.Add(config);
        if (Edition.IsForEnclaves)
            AddHint(root);
        else
            AddParent(root, config, settings);
        AddInside(root, config, settings, words);
        ExampleCommand.AddToHelp(root);
        return root;
    }

    /// <summary>Answers a call that names no command: elsewhere that runs the proxy, of which this file has nothing.</summary>
    private static void AddHint(RootCommand root)
    {
        root.Description =
            "The part of parent-proxy for the inside of AWS Nitro Enclaves. Any setting can be given as --Section:Key=value.";
        root.SetAction(_ =>
        {
            Console.Error.WriteLine($"parent-proxy: {UsageHint.ForEnclaves}");
            return ExitCode.Usage;
        });
    }

    private static void AddInside(
        RootCommand root, Option<string?> config, List<KeyValuePair<string, string>> settings, int words)
    {
        var flags = new EnclaveFlags();
        var inside = new ExampleCommand(
            "enclave",
            "Inside an enclave: start the application, let the parent reach it, and connect it to names, HTTPS, a log and a clock.",
            "parent-proxy enclave --ingress 6300 -- /app/server",
            "parent-proxy enclave --ingress 6300=8080 --dns --connect --logs --time -- /app/server --port 8080");
        flags.AddTo(inside, words);
        inside.SetAction((parsed, _) => EnclaveCommand.RunAsync(
            ConfigurationSources.OfProcess(parsed.GetValue(config), [.. flags.Settings(parsed), .. settings])));
        root.Subcommands.Add(inside);
    }

    private static void AddParent(RootCommand root, Option<string?> config, List<KeyValuePair<string, string>> settings)
    {
        var run = new ExampleCommand(
            "run",
            "Forward requests to the configured enclaves (the default).",
            "parent-proxy run --config /etc/parent-proxy/appsettings.json",
            "PARENTPROXY_ENCLAVE_0_CID=16 PARENTPROXY_ENCLAVE_0_PORT=6300 parent-proxy run --Admin:Url=http://127.0.0.1:9464");
        run.SetAction((parsed, _) => RunCommand.RunAsync(Sources(parsed)));
        var demo = new ExampleCommand(
            "demo",
            "Start two simulated enclaves and the proxy in front of them; needs no configuration and no vsock device.",
            "parent-proxy demo",
            "parent-proxy demo --inside");
        var isInside = new Option<bool>("--inside")
        {
            Description = "Put parent-proxy enclave in front of each simulated application, as in an image.",
        };
        demo.Options.Add(isInside);
        demo.SetAction((parsed, cancellationToken) => DemoCommand.RunAsync(settings, parsed.GetValue(isInside), cancellationToken));
        demo.Validators.Add(parsed =>
        {
            if (parsed.GetResult(config) is not null)
                parsed.AddError("demo reads no configuration file; settings of the form --Section:Key=value go with it.");
        });
        var variables = new EnvironmentFileOption();
        Command[] operators =
        [
            CheckCommand.Create(Sources, config, variables),
            DoctorCommand.Create(ServiceSources),
            EnclavesCommand.Create(ServiceSources),
            PingCommand.Create(ServiceSources, IsConfigured),
            Attest(ServiceSources, IsConfigured),
        ];
        foreach (var command in operators)
            variables.AddTo(command);
        foreach (var command in (Command[])[run, .. operators, demo])
            root.Subcommands.Add(command);
        root.SetAction((parsed, _) => RunCommand.RunAsync(Sources(parsed)));

        ConfigurationSources Sources(ParseResult parsed) => ConfigurationSources.OfProcess(parsed.GetValue(config), settings);

        ConfigurationSources ServiceSources(ParseResult parsed) => variables.Complete(parsed, Sources(parsed));

        bool IsConfigured(ParseResult parsed) =>
            parsed.GetValue(config) is not null || settings.Count > 0 || variables.IsGiven(parsed);
    }

    private static ExampleCommand Attest(Func<ParseResult, ConfigurationSources> sources, Func<ParseResult, bool> isConfigured)
    {
        var flags = new AttestFlags();
        var attest = new ExampleCommand(
            "attest",
            "Ask an enclave for its attestation document and verify it: whether AWS vouches for it, and which image it runs.",
            "parent-proxy attest --cid 16 --pcrs-from build.json",
            "parent-proxy attest proof-server --json",
            "parent-proxy attest --file document.cbor --at 2026-09-01T00:00:00Z --allow-unpinned");
        flags.AddTo(attest);
        attest.SetAction((parsed, cancellationToken) => new AttestCommand(Console.Out, Console.Error, TimeProvider.System)
            .RunAsync(sources(parsed), isConfigured(parsed), flags.Read(parsed), cancellationToken));
        return attest;
    }

    private static bool IsSetting(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return argument.StartsWith("--", StringComparison.Ordinal) && equals > 0 && argument.AsSpan(2, equals - 2).Contains(':');
    }

    private static KeyValuePair<string, string> Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return new KeyValuePair<string, string>(argument[2..equals], argument[(equals + 1)..]);
    }
}
