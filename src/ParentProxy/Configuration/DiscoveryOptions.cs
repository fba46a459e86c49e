using System.Collections.Frozen;
using System.Globalization;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Discovery</c>: enclaves found by what <c>nitro-cli describe-enclaves</c> tells.</summary>
internal sealed record DiscoveryOptions
{
    /// <summary>Hex digits of a PCR: SHA-384.</summary>
    private const int PcrDigits = 96;

    private const int LastPcr = 31;

    /// <summary>Whether enclaves are looked for.</summary>
    public bool Enabled { get; init; }

    /// <summary>From the start of one call to the start of the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a call may take; then it is killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The program that is called.</summary>
    public string NitroCli { get; init; } = "/usr/bin/nitro-cli";

    /// <summary>Pattern of the names that are taken: <c>*</c> any characters, <c>?</c> one, case does not count.</summary>
    public string EnclaveName { get; init; } = "*";

    /// <summary>The vsock port at which a discovered enclave is dialled.</summary>
    public uint Port { get; init; } = 6300;

    /// <summary>Whether enclaves in debug mode, whose memory the parent can read, are taken.</summary>
    public bool AllowDebugMode { get; init; }

    /// <summary>Measurements that an enclave must have, by <c>PCR0</c> and so on, in lower case; none when empty.</summary>
    public IReadOnlyDictionary<string, string> Pcrs { get; init; } = FrozenDictionary<string, string>.Empty;

    public static DiscoveryOptions Read(SectionReader section)
    {
        var defaults = new DiscoveryOptions();
        return new DiscoveryOptions
        {
            Enabled = section.Bool(defaults.Enabled),
            Interval = section.Duration(defaults.Interval),
            Timeout = section.Duration(defaults.Timeout),
            NitroCli = section.Value(defaults.NitroCli, ParseProgram),
            EnclaveName = section.Text(defaults.EnclaveName),
            Port = section.Value(defaults.Port, ParsePort),
            AllowDebugMode = section.Bool(defaults.AllowDebugMode),
            Pcrs = section.Section(nameof(Pcrs), ReadPcrs),
        };
    }

    // A file that is missing is no mistake: nitro-cli may be installed later, and until then the log says so.
    private static Parsed<string> ParseProgram(string text) =>
        text.StartsWith('/') && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : new Mistake($"{Quoted.Text(text)} is not an absolute path; it is one program without arguments, like /usr/bin/nitro-cli");

    private static Parsed<uint> ParsePort(string text)
    {
        var (port, reason) = Values.Number(text, 0u, uint.MaxValue);
        reason ??= EnclaveEndpoint.CheckPort(EnclaveTransport.Vsock, port);
        return reason is null ? port : new Mistake(reason);
    }

    private static IReadOnlyDictionary<string, string> ReadPcrs(SectionReader section)
    {
        var pins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, digits) in section.NamedValues(ParseDigits))
        {
            var location = section.Node.Child(key).Location;
            if (NameOf(key) is not { } name)
                section.Report.Problem(location, $"is no PCR; write PCR0 to PCR{LastPcr}, or 0 to {LastPcr}");
            else if (!pins.TryAdd(name, digits))
                section.Report.Problem(location, $"sets {name}, which is set already");
        }

        return pins.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The value of a PCR, in lower case.</summary>
    public static Parsed<string> ParseDigits(string text) =>
        text.Length == PcrDigits && text.All(char.IsAsciiHexDigit)
            ? text.ToLowerInvariant()
            : new Mistake($"{Quoted.Text(text)} is not {PcrDigits} hex digits; "
                + "see Measurements of 'nitro-cli describe-eif' or 'describe-enclaves'");

    private static string? NameOf(string key)
    {
        var digits = key.StartsWith("PCR", StringComparison.OrdinalIgnoreCase) ? key[3..] : key;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= LastPcr
            && (digits.Length == 1 || digits[0] != '0')
            ? string.Create(CultureInfo.InvariantCulture, $"PCR{number}")
            : null;
    }
}
