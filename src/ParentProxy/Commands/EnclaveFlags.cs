using System.CommandLine;
using System.Globalization;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;

namespace ParentProxy.Commands;

/// <summary>The flags of <c>parent-proxy enclave</c>: short forms of settings, for the everyday case.</summary>
internal sealed class EnclaveFlags
{
    private const uint Parent = 3;
    private const string Loopback = "127.0.0.1";

    private readonly Option<uint> _parent = new("--parent")
    {
        Description = "CID of the parent, which the other flags dial.",
        HelpName = "CID",
        DefaultValueFactory = _ => Parent,
    };

    private readonly Option<string[]> _ingress = new("--ingress")
    {
        Description = "A vsock port, and the application behind it: 127.0.0.1 and the same port unless another port, HOST:PORT or "
            + "unix:PATH follows. Repeat it for several.",
        HelpName = "PORT[=TARGET]",
    };

    private readonly Option<string[]> _forward = new("--forward")
    {
        Description = "A port on 127.0.0.1 (or IP:PORT), and the parent's vsock port behind it if that is a different one.",
        HelpName = "PORT[=PORT]",
    };

    private readonly Option<string[]> _transparent = new("--transparent")
    {
        Description = "A name that leads to the parent's HTTP proxy, for programs that know of no proxy. Repeat it for several.",
        HelpName = "HOST:PORT",
    };

    private readonly Option<uint> _connect = Port("--connect", "The parent's HTTP proxy on 127.0.0.1:3128", 3128);
    private readonly Option<uint> _dns = Port("--dns", "Names from the parent's DNS, on 127.0.0.1:53 and [::1]:53", 53);
    private readonly Option<uint> _logs = Port("--logs", "Log lines to the parent", 8011);
    private readonly Option<uint> _time = Port("--time", "The clock, set by the parent's", 123);

    private readonly Option<uint> _status = Port("--status", "/health and /metrics for the parent, on this vsock port", 9101);

    private readonly Option<string?> _ready = new("--ready")
    {
        Description = "What shows that the application is serving: http://HOST:PORT/PATH, HOST:PORT or unix:PATH. "
            + "Otherwise the first --ingress.",
        HelpName = "TARGET",
    };

    private readonly Option<string?> _restart = new("--restart")
    {
        Description = "When to start the application again: never (the default), on-failure or always.",
        HelpName = "POLICY",
    };

    private readonly Option<string?> _user = new("--user") { Description = "The user that the application runs as.", HelpName = "USER" };

    private readonly Option<bool> _console = new("--console")
    {
        Description = "Print log lines inside as well: on the console of an enclave in debug mode.",
    };

    private readonly Argument<string[]> _command = new("COMMAND")
    {
        Description = "The application and its arguments, after --.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>Adds the flags to the command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="words">How many arguments follow <c>--</c>: those are the application's, and before it there are none.</param>
    public void AddTo(Command command, int words)
    {
        Option[] options =
        [
            _ingress, _connect, _dns, _transparent, _forward, _logs, _time, _status, _ready, _restart, _user, _console, _parent,
        ];
        foreach (var option in options)
            command.Options.Add(option);
        command.Arguments.Add(_command);
        command.Validators.Add(result =>
        {
            var all = result.GetResult(_command)?.Tokens ?? [];
            foreach (var misplaced in all.Take(all.Count - words))
                result.AddError(UsageHint.BeforeCommand(misplaced.Value, [.. options.Select(option => option.Name)]));
        });
    }

    /// <summary>The settings that the flags stand for.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings(ParseResult parsed)
    {
        var settings = new List<KeyValuePair<string, string>>();
        var parent = parsed.GetValue(_parent);
        AddAll(_ingress, nameof(InsideOptions.Ingress), flag =>
            ($"vsock://any:{flag.Left}", flag.Right is { } to ? Target(to) : $"{Loopback}:{flag.Left}"));
        AddAll(_forward, nameof(InsideOptions.Forwards), flag =>
            (Target(flag.Left), $"vsock://{parent}:{flag.Right ?? flag.Left[(flag.Left.LastIndexOf(':') + 1)..]}"));
        AddParent(_connect, nameof(InsideOptions.Connect));
        AddParent(_dns, nameof(InsideOptions.Dns));
        AddParent(_logs, nameof(InsideOptions.Logs));
        AddParent(_time, nameof(InsideOptions.Time));
        if (Given(_status))
            Add(nameof(InsideOptions.Status), nameof(InsideStatusOptions.Listen), $"vsock://any:{parsed.GetValue(_status)}");
        var names = parsed.GetValue(_transparent) ?? [];
        AddList(nameof(InsideOptions.Transparent), nameof(InsideTransparentOptions.Hosts), names);
        if (names.Length > 0 && (Given(_connect) || Given(_parent)))
            Add(nameof(InsideOptions.Transparent), nameof(InsideTransparentOptions.To), Vsock(parsed.GetValue(_connect)));
        AddList(nameof(InsideOptions.Application), nameof(InsideApplicationOptions.Command), parsed.GetValue(_command) ?? []);
        AddText(nameof(InsideApplicationOptions.Ready), parsed.GetValue(_ready));
        AddText(nameof(InsideApplicationOptions.Restart), parsed.GetValue(_restart));
        AddText(nameof(InsideApplicationOptions.User), parsed.GetValue(_user));
        if (parsed.GetValue(_console))
            Add(nameof(InsideOptions.Logs), nameof(InsideLogsOptions.Console), "true");
        return settings;

        string Vsock(uint port) => string.Create(CultureInfo.InvariantCulture, $"vsock://{parent}:{port}");

        bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };

        void Add(string section, string key, string value) => settings.Add(new($"{InsideSchema.Enclave}:{section}:{key}", value));

        void AddText(string key, string? value)
        {
            if (value is not null)
                Add(nameof(InsideOptions.Application), key, value);
        }

        void AddParent(Option<uint> option, string section)
        {
            if (Given(option))
                Add(section, nameof(InsideConnectOptions.To), Vsock(parsed.GetValue(option)));
        }

        void AddList(string section, string key, string[] values)
        {
            foreach (var (i, value) in values.Index())
                Add(section, $"{key}:{i}", value);
        }

        void AddAll(Option<string[]> option, string section, Func<(string Left, string? Right), (string Listen, string To)> read)
        {
            foreach (var (i, flag) in (parsed.GetValue(option) ?? []).Index())
            {
                var equals = flag.IndexOf('=', StringComparison.Ordinal);
                var (listen, to) = read(equals < 0 ? (flag, null) : (flag[..equals], flag[(equals + 1)..]));
                Add($"{section}:{i}", nameof(InsideForwardOptions.Listen), listen);
                Add($"{section}:{i}", nameof(InsideForwardOptions.To), to);
            }
        }
    }

    private static string Target(string text) => text.All(char.IsAsciiDigit) ? $"{Loopback}:{text}" : text;

    private static Option<uint> Port(string name, string description, uint port) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{description}; port {port} unless another follows."),
        HelpName = "PORT",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => port,
        CustomParser = result => result.Tokens.Count == 0
            ? port
            : uint.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0
            ? given
            : Wrong(result, name),
    };

    private static uint Wrong(System.CommandLine.Parsing.ArgumentResult result, string name)
    {
        result.AddError($"'{result.Tokens[0].Value}' after {name} is not a port; the application goes after --.");
        return 0;
    }
}
