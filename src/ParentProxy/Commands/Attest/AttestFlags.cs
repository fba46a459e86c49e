using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using ParentProxy.Attestation;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Commands.Attest;

/// <summary>The flags of <c>parent-proxy attest</c>: each by itself, and which of them go together.</summary>
internal sealed class AttestFlags
{
    /// <summary>What the security module takes of a nonce and of user data.</summary>
    private const int MaxBytes = 1024;

    private const double MaxTimeoutSeconds = 3600;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Argument<string?> _target = new("TARGET")
    {
        Description = "What to ask: vsock://CID:PORT, tcp://HOST:PORT, unix:PATH or hybrid:PATH:PORT; or a configured enclave "
            + "by its Id or Name. Otherwise the first enclave that nitro-cli reports as running.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _cid = Text("--cid", "CID", "The enclave by its CID.");

    private readonly Option<string?> _port = Text(
        "--port",
        "PORT",
        "Its port; 9000 by default. With --http, the one for its requests (a configured enclave) or Discovery:Port.");

    private readonly Option<string?> _http = new("--http")
    {
        Description = "Ask with GET PATH (/attestation) instead of JSON lines. The nonce goes where {nonce} is in PATH, otherwise into "
            + "?nonce=.",
        HelpName = "PATH",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _tls = Flag("--tls", "With --http: over TLS, without checking the certificate.");

    private readonly Option<string?> _pointer = Text(
        "--pointer", "POINTER", "With --http or --file: where the document is in the JSON (a JSON pointer). Otherwise /attestation.");

    private readonly Option<string?> _nonce = Text(
        "--nonce", "TEXT", "The nonce to ask with and to compare. Otherwise a fresh random one.");

    private readonly Option<string?> _nonceHex = Text("--nonce-hex", "HEX", "The same in hex digits.");
    private readonly Option<string?> _userData = Text("--user-data", "TEXT", "What the enclave is to have attested besides the nonce.");
    private readonly Option<string?> _userDataHex = Text("--user-data-hex", "HEX", "The same in hex digits.");
    private readonly Option<bool> _generateKey = Flag("--generate-key", "Have the enclave make a key and attest it.");

    private readonly Option<string?> _pcrsFrom = Text(
        "--pcrs-from", "FILE", "Pin what 'nitro-cli build-enclave' printed. On its own: print the pins, or write them with --save.");

    private readonly Option<string[]>[] _pcrs = [.. Enumerable.Range(0, PcrPins.LastIndex + 1).Select(index => new Option<string[]>(
        string.Create(CultureInfo.InvariantCulture, $"--pcr{index}"))
        {
            Description = index == 0
                ? "Pin PCR0, which is the image; repeat it if any of several will do. Likewise --pcr1 to --pcr31."
                : string.Create(CultureInfo.InvariantCulture, $"Pin PCR{index}."),
            HelpName = "HEX",
            Hidden = index > 0,
        })];

    private readonly Option<string?> _root = Text("--root", "FILE", "Trust this root certificate instead of AWS's.");
    private readonly Option<bool> _allowDebug = Flag("--allow-debug", "Let an enclave in debug mode pass as unpinned.");
    private readonly Option<bool> _allowUnpinned = Flag("--allow-unpinned", "Exit with 0 even if nothing was pinned.");
    private readonly Option<bool> _noVerify = Flag("--no-verify", "Show what the document says, without any checks.");
    private readonly Option<string?> _save = Text("--save", "FILE", "Save the document: as base64, or raw if the name ends in .cbor.");
    private readonly Option<string?> _file = Text(
        "--file", "FILE", "Read the document (CBOR, base64, or a server's JSON) instead of asking for one.");
    private readonly Option<string?> _at = Text(
        "--at", "TIME", "With --file: judge it as of this time, such as 2026-09-01T00:00:00Z or Unix ms.");
    private readonly Option<bool> _json = Flag("--json", "Print JSON.");
    private readonly Option<string?> _timeout = Text("--timeout", "SECONDS", "How long the enclave may take; 10 by default.");
    private readonly Option<bool> _ping = Flag("--ping", "Only see whether the JSON lines server answers.");
    private readonly Option<bool> _status = Flag("--status", "Only ask the JSON lines server for its status.");

    private List<string> _mistakes = [];

    private IEnumerable<Option> Options =>
    [
        _cid, _port, _http, _tls, _pointer, _nonce, _nonceHex, _userData, _userDataHex, _generateKey, _pcrsFrom, .. _pcrs, _root,
        _allowDebug, _allowUnpinned, _noVerify, _save, _file, _at, _json, _timeout, _ping, _status,
    ];

    /// <summary>Adds the flags to the command, and the check whether they go together.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_target);
        foreach (var option in Options)
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            foreach (var mistake in Check(result))
                result.AddError(mistake);
        });
    }

    /// <summary>What was given, once it is known that it fits together.</summary>
    public AttestArguments Read(ParseResult parsed) => Read(parsed.CommandResult);

    private List<string> Check(CommandResult result)
    {
        _mistakes = [];
        Read(result);
        CheckTogether(result);
        return _mistakes;
    }

    private AttestArguments Read(CommandResult result)
    {
        var target = result.GetValue(_target);
        var endpoint = target is null || !IsEndpoint(target) ? null : Endpoint(target);
        var isTarget = target is not null || Has(result, _cid) || Has(result, _file);
        var pointer = result.GetValue(_pointer) is { } text ? Value(JsonPointer.Parse(text), "--pointer") : null;
        var port = Number(result, _port, 1, uint.MaxValue - 1);
        return new AttestArguments
        {
            Mode = result.GetValue(_ping) ? AttestMode.Ping
                : result.GetValue(_status) ? AttestMode.Status
                : result.GetValue(_noVerify) ? AttestMode.Show
                : Has(result, _pcrsFrom) && !isTarget ? AttestMode.Pins
                : AttestMode.Verify,
            Endpoint = endpoint,
            Enclave = endpoint is null ? target : null,
            Cid = Cid(result),
            Port = port,
            Http = Has(result, _http) ? Http(result, pointer) : null,
            Timeout = Timeout(result),
            Nonce = Bytes(result, _nonce, _nonceHex, minBytes: 1),
            UserData = UserData(result),
            GenerateKey = result.GetValue(_generateKey),
            File = result.GetValue(_file),
            Pointer = pointer,
            At = result.GetValue(_at) is { } at ? Time(at) : null,
            Pcrs = Pcrs(result),
            PcrsFrom = result.GetValue(_pcrsFrom),
            Root = result.GetValue(_root),
            AllowDebug = result.GetValue(_allowDebug),
            AllowUnpinned = result.GetValue(_allowUnpinned),
            Save = result.GetValue(_save),
            Json = result.GetValue(_json),
        };
    }

    private void CheckTogether(CommandResult result)
    {
        Option[] pins = [_pcrsFrom, .. _pcrs];
        Option[] judging = [.. pins, _root, _allowDebug, _allowUnpinned];
        Option[] content = [_userData, _userDataHex, _generateKey];
        Refuse(result, [_nonce], [_nonceHex], "are the same thing");
        Refuse(result, [_userData], [_userDataHex], "are the same thing");
        Refuse(result, [_http], content, "do not go together: over HTTP only a nonce can be asked for");
        Refuse(
            result,
            [_file],
            [_cid, _port, _http, _tls, .. content, _timeout, _ping, _status],
            "do not go together: with --file nobody is asked");
        Refuse(result, [_noVerify], [.. judging, _at], "do not go together: with --no-verify nothing is checked");
        foreach (var only in (Option[])[_ping, _status])
        {
            Refuse(
                result,
                [only],
                [_http, _tls, _pointer, _nonce, _nonceHex, .. content, .. judging, _noVerify, _save, _at],
                "do not go together: no document is asked for");
        }

        Refuse(result, [_ping], [_status], "do not go together");
        Need(result, _at, _file);
        Need(result, _tls, _http);
        Need(result, _pointer, _http, _file);
        var target = result.GetValue(_target);
        if (target is ['-', ..])
        {
            var guess = Spelling.Guess(target.TrimStart('-'), Options.Select(option => option.Name));
            _mistakes.Add($"{Quoted.Text(target)} is no option of attest{(guess is null ? "" : $"; did you mean {guess}?")}");
        }
        else if (target is not null)
        {
            foreach (var option in ((Option[])[_cid, _file]).Where(option => Has(result, option)))
                _mistakes.Add($"{option.Name} names what to look at, and so does {Quoted.Text(target)}");
            if (IsEndpoint(target) && Has(result, _port))
                _mistakes.Add($"--port is for enclaves; {Quoted.Text(target)} says where to connect");
        }

        if (Has(result, _nonceHex) && !Has(result, _file) && Bytes(result, _nonce, _nonceHex, 1) is { } nonce && !IsText(nonce))
            _mistakes.Add("--nonce-hex is not UTF-8: the protocols carry text, so that only such bytes can be asked for");

        // A script that forgot whom to ask must not take the pins for a verdict.
        if (Has(result, _pcrsFrom) && target is null && !Has(result, _cid) && !Has(result, _file))
        {
            foreach (var option in Options.Where(option => option != _pcrsFrom && option != _save && Has(result, option)))
                _mistakes.Add($"{option.Name} needs to know what to look at: beside --pcrs-from give a TARGET, --cid or --file");
        }
    }

    private void Refuse(CommandResult result, Option[] some, Option[] others, string reason)
    {
        foreach (var one in some.Where(option => Has(result, option)))
        {
            foreach (var other in others.Where(option => Has(result, option)))
                _mistakes.Add($"{one.Name} and {other.Name} {reason}");
        }
    }

    private void Need(CommandResult result, Option option, params Option[] needed)
    {
        if (Has(result, option) && !needed.Any(other => Has(result, other)))
            _mistakes.Add($"{option.Name} goes with {string.Join(" or ", needed.Select(other => other.Name))}");
    }

    private HttpAttestationOptions Http(CommandResult result, JsonPointer? pointer)
    {
        var options = new HttpAttestationOptions { IsTls = result.GetValue(_tls) };
        if (pointer is not null)
            options = options with { Pointer = pointer };
        if (result.GetValue(_http) is not { } path)
            return options;
        if (Values.RequestPath(path, query: true).Reason is { } reason)
            _mistakes.Add($"--http: {reason}; a TARGET stands before --http");
        return options with { Path = path };
    }

    private EnclaveEndpoint? Endpoint(string text)
    {
        if (!EnclaveEndpoint.TryParse(text, out var endpoint, out var reason))
            _mistakes.Add(reason!);
        return endpoint;
    }

    private uint? Cid(CommandResult result)
    {
        var cid = Number(result, _cid, 0, uint.MaxValue);
        if (cid is { } number && EnclaveEndpoint.CheckCid(number) is { } reason)
            _mistakes.Add($"--cid: {reason}");
        return cid;
    }

    private uint? Number(CommandResult result, Option<string?> option, uint min, uint max) =>
        result.GetValue(option) is { } text ? Value(Values.Number(text, min, max), option.Name) : null;

    private TimeSpan Timeout(CommandResult result)
    {
        if (result.GetValue(_timeout) is not { } text)
            return new AttestArguments().Timeout;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0.001 and <= MaxTimeoutSeconds)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        _mistakes.Add($"--timeout: {Quoted.Text(text)} is not a number of seconds up to {MaxTimeoutSeconds}");
        return new AttestArguments().Timeout;
    }

    private string? UserData(CommandResult result)
    {
        if (Bytes(result, _userData, _userDataHex, minBytes: 0) is not { } bytes)
            return null;
        if (IsText(bytes))
            return Utf8.GetString(bytes.Span);
        _mistakes.Add("--user-data-hex is not UTF-8: the protocol carries text, so that only such bytes can be asked for");
        return null;
    }

    private ReadOnlyMemory<byte>? Bytes(CommandResult result, Option<string?> asText, Option<string?> asHex, int minBytes)
    {
        var option = Has(result, asHex) ? asHex : asText;
        if (result.GetValue(option) is not { } text)
            return null;
        try
        {
            var bytes = option == asHex ? Convert.FromHexString(text) : Utf8.GetBytes(text);
            if (bytes.Length >= minBytes && bytes.Length <= MaxBytes)
                return bytes;
            Mistake($"{option.Name} has {bytes.Length} bytes, not {minBytes} to {MaxBytes}");
        }
        catch (FormatException)
        {
            Mistake($"{option.Name}: {Quoted.Text(text)} is not pairs of hex digits");
        }
        catch (EncoderFallbackException)
        {
            Mistake($"{option.Name}: {Quoted.Text(text)} is not UTF-8");
        }

        return null;
    }

    private DateTimeOffset? Time(string text)
    {
        const long year9999 = 253_402_300_799_999;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= year9999)
            return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        if (DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal,
            out var time))
        {
            return time;
        }

        _mistakes.Add($"--at: {Quoted.Text(text)} is neither a time like 2026-09-01T00:00:00Z nor one in milliseconds since 1970");
        return null;
    }

    private Dictionary<int, IReadOnlyList<string>> Pcrs(CommandResult result)
    {
        var pcrs = new Dictionary<int, IReadOnlyList<string>>();
        foreach (var (index, option) in _pcrs.Index())
        {
            if (result.GetValue(option) is not { Length: > 0 } values)
                continue;
            pcrs.Add(index, values);
            foreach (var mistake in values.Select(value => PcrPins.CheckValue(index, value)).OfType<string>())
                Mistake($"{option.Name}: {mistake}");
        }

        return pcrs;
    }

    private T? Value<T>(Parsed<T> parsed, string option)
    {
        if (parsed.Reason is null)
            return parsed.Value;
        _mistakes.Add($"{option}: {parsed.Reason}");
        return default;
    }

    // What is read twice is wrong twice, and said once.
    private void Mistake(string mistake)
    {
        if (!_mistakes.Contains(mistake))
            _mistakes.Add(mistake);
    }

    private static bool Has(CommandResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static bool IsEndpoint(string target) =>
        target.Contains("://", StringComparison.Ordinal)
        || target.StartsWith("unix:", StringComparison.OrdinalIgnoreCase)
        || target.StartsWith("hybrid:", StringComparison.OrdinalIgnoreCase);

    private static bool IsText(ReadOnlyMemory<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes.Span);

    private static Option<string?> Text(string name, string helpName, string description) =>
        new(name) { Description = description, HelpName = helpName };

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };
}
