using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using ParentProxy.Attestation;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Attestation</c>: how enclaves are asked for attestation documents, and what these have to say.</summary>
internal sealed record AttestationOptions
{
    /// <summary>The port that JSON lines are spoken on, where none is set.</summary>
    public const uint JsonlPort = 9000;

    /// <summary>What becomes of the verdicts.</summary>
    public AttestationMode Mode { get; init; } = AttestationMode.Off;

    /// <summary>How an enclave is asked.</summary>
    public AttestationProtocol Protocol { get; init; } = AttestationProtocol.Http;

    /// <summary>Path (and query) of the GET; <c>{nonce}</c> in it stands for the nonce, which else is added as <c>nonce=</c>.</summary>
    public string Path { get; init; } = "/attestation";

    /// <summary>Where the document is in the answer to the GET, as a JSON pointer (RFC 6901).</summary>
    public JsonPointer Pointer { get; init; } = JsonPointer.Parse("/attestation").Value;

    /// <summary>The port that is asked; each enclave's own for HTTP and 9000 for JSON lines when null.</summary>
    public uint? Port { get; init; }

    /// <summary>From one document to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an enclave may get no document to us and still get traffic.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one document may take, dial included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The values that the PCRs of an image may have, by index, in lower case; none is pinned when empty.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<string>> Pcrs { get; init; } = FrozenDictionary<int, IReadOnlyList<string>>.Empty;

    /// <summary>Files with the measurements of images, as <c>nitro-cli build-enclave</c> prints them: pinned as well.</summary>
    public IReadOnlyList<string> PcrsFrom { get; init; } = [];

    /// <summary>A file with the root certificate in the place of AWS's; null for AWS's.</summary>
    public string? Root { get; init; }

    /// <summary>Whether enclaves in debug mode pass, whose image nobody can tell.</summary>
    public bool AllowDebug { get; init; }

    /// <summary>What <see cref="Root"/> is.</summary>
    public TrustAnchor Anchor { get; init; } = TrustAnchor.AwsG1;

    /// <summary>What a document has to fulfil, but for its nonce.</summary>
    public AttestationPolicy Policy => new() { Root = Anchor, Pins = PcrPins.Create(Pcrs), AllowDebug = AllowDebug };

    /// <summary>All that a document is judged by but its nonce; two of the same text judge alike.</summary>
    public string Rules => string.Create(
        CultureInfo.InvariantCulture,
        $"{Anchor.Fingerprint} {AllowDebug} {string.Join(' ', Pcrs.OrderBy(pin => pin.Key).Select(pin => $"{pin.Key}={string.Join(',', pin.Value)}"))}");

    /// <summary>Reads the section, and the files that it names.</summary>
    public static AttestationOptions Read(SectionReader section)
    {
        var defaults = new AttestationOptions();
        var options = new AttestationOptions
        {
            Mode = section.Enum(defaults.Mode),
            Protocol = section.Enum(defaults.Protocol),
            Path = section.Value(defaults.Path, text => Values.RequestPath(text, query: true)),
            Pointer = section.Value(defaults.Pointer, JsonPointer.Parse),
            Port = section.OptionalNumber(defaults.Port, 1u, uint.MaxValue - 1),
            Interval = section.Duration(defaults.Interval),
            MaxAge = section.Duration(defaults.MaxAge),
            Timeout = section.Duration(defaults.Timeout),
            PcrsFrom = section.List(defaults.PcrsFrom, Values.FilePath),
            Root = section.Optional(defaults.Root, Values.OptionalFilePath),
            AllowDebug = section.Bool(defaults.AllowDebug),
        };
        options = options with
        {
            Pcrs = section.Section(nameof(Pcrs), ReadPcrs),
            Anchor = ReadRoot(section, options.Root) ?? defaults.Anchor,
        };
        Check(section, options);
        return options;
    }

    private static void Check(SectionReader section, AttestationOptions options)
    {
        if (options.MaxAge <= options.Interval)
        {
            section.Report.Problem(
                section.Node.Child(nameof(MaxAge)).Location,
                $"{options.MaxAge:c} is not longer than Interval, {options.Interval:c}: no document would be young enough until the next");
        }

        if (options is { Mode: AttestationMode.Enforce, Pcrs.Count: 0, PcrsFrom.Count: 0, AllowDebug: false }
            && section.Node.Child(nameof(Pcrs)).Children.Count == 0)
        {
            section.Report.Problem(
                section.Node.Child(nameof(Pcrs)).Location,
                "is empty: without pins any image of anybody passes, so nothing could be enforced; take PCR0 from 'nitro-cli build-enclave', "
                    + "or name the file with its output in PcrsFrom");
        }

        if (options.Mode != AttestationMode.Off && options.Anchor.IsCustom)
        {
            section.Report.Warning(
                section.Node.Child(nameof(Root)).Location,
                $"{options.Root} is not the root of AWS: whoever has its key makes documents that pass; meant for other partitions and tests");
        }

        if (options is { Mode: AttestationMode.Enforce, AllowDebug: true })
        {
            section.Report.Warning(
                section.Node.Child(nameof(AllowDebug)).Location,
                "is true: enclaves in debug mode get traffic, whatever image they run; meant for development");
        }
    }

    private static IReadOnlyDictionary<int, IReadOnlyList<string>> ReadPcrs(SectionReader section)
    {
        section.AcceptRest();
        var pins = new Dictionary<int, IReadOnlyList<string>>();
        foreach (var node in section.Node.Children)
        {
            if (PcrName.IndexOf(node.Key) is not { } index)
                section.Report.Problem(node.Location, $"is no PCR; write 0 to {PcrName.Last}, or PCR0 to PCR{PcrName.Last}");
            else if (!pins.TryAdd(index, ReadValues(section, node)))
                section.Report.Problem(node.Location, $"sets PCR{index}, which is set already");
        }

        return pins.Where(pin => pin.Value.Count > 0).ToFrozenDictionary();
    }

    private static IReadOnlyList<string> ReadValues(SectionReader section, ConfigurationNode node)
    {
        // One value may stand without its list.
        var values = new List<string>();
        foreach (var element in node.Value is not null ? [node] : node.Children)
        {
            if (element.Value is not { } text)
                section.Report.Problem(element.Location, "is not a value");
            else if (PcrPins.CheckValue(text) is { } mistake)
                section.Report.Problem(element.Location, $"{Quoted.Text(text)} is {mistake}");
            else
                values.Add(text.ToLowerInvariant());
        }

        if (node is { Value: null, Children.Count: 0 })
            section.Report.Problem(node.Location, "is empty: leave it out, or say which values it may have");
        return values;
    }

    private static TrustAnchor? ReadRoot(SectionReader section, string? path)
    {
        if (path is null)
            return null;
        var location = section.Node.Child(nameof(Root)).Location;
        try
        {
            return TrustAnchor.Load(File.ReadAllBytes(path));
        }
        catch (CryptographicException)
        {
            section.Report.Problem(location, $"{Quoted.Text(path)} is no certificate, in PEM or DER");
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            section.Report.Problem(location, $"{Quoted.Text(path)} cannot be read: {ex.Message}");
        }

        return null;
    }
}
