using System.Collections.Frozen;
using ParentProxy.Attestation;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration.Sections;

/// <summary>Reads section <c>Attestation</c>, and the files that it names.</summary>
internal static class AttestationSection
{
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
            MeasurementsFile = section.Optional(defaults.MeasurementsFile, Values.OptionalFilePath),
            Pcrs = section.Section(nameof(AttestationOptions.Pcrs), ReadPcrs),
        };
        options = options with
        {
            Policy = new AttestationPolicy
            {
                Root = ReadRoot(section, options.Root) ?? defaults.Policy.Root,
                Pins = PcrPins.Create(AllPins(section, options)),
                AllowDebug = options.AllowDebug,
            },
            Measurements = options.MeasurementsFile is { } file
                ? PcrMeasurements.Read(file, At(section, nameof(AttestationOptions.MeasurementsFile)), section.Report)
                : null,
        };
        Check(section, options);
        return options;
    }

    private static string At(SectionReader section, string key) => section.Node.Child(key).Location;

    private static void Check(SectionReader section, AttestationOptions options)
    {
        if (options.MaxAge <= options.Interval)
        {
            section.Report.Problem(
                At(section, nameof(options.MaxAge)),
                $"{options.MaxAge:c} is not longer than Interval, {options.Interval:c}: no document would be young enough until the next");
        }

        // What was written there and is wrong is told already.
        if (options is { Mode: AttestationMode.Enforce, AllowDebug: false, PcrsFrom.Count: 0 }
            && section.Node.Child(nameof(options.Pcrs)).Children.Count == 0)
        {
            section.Report.Problem(
                At(section, nameof(options.Pcrs)),
                "is empty: without pins any image of anybody passes, so nothing could be enforced; take PCR0 from "
                    + "'nitro-cli build-enclave', or name the file with its output in PcrsFrom");
        }

        else if (options is { Mode: AttestationMode.Enforce, AllowDebug: false }
            && !options.Policy.Pins.IsEmpty
            && !options.Policy.Pins.Indexes.Any(index => index is 0 or 1 or 2 or 8))
        {
            section.Report.Problem(
                At(section, nameof(options.Pcrs)),
                "pins none of PCR0, 1, 2 and 8: the others do not tell images apart, so that any image of anybody may pass");
        }

        if (options.Mode != AttestationMode.Off && options.Policy.Root.IsCustom)
        {
            section.Report.Warning(
                At(section, nameof(options.Root)),
                $"{options.Root} is not the root of AWS: whoever has its key makes documents that pass; for other partitions and tests");
        }

        if (options is { Mode: AttestationMode.Enforce, AllowDebug: true })
        {
            section.Report.Warning(
                At(section, nameof(options.AllowDebug)),
                "is true: enclaves in debug mode get traffic, whatever image they run; for development");
        }
    }

    /// <summary>
    /// The pins of all sources, by index. Each source is an image; if one pinned fewer PCRs than another, its image would be measured by
    /// the other's.
    /// </summary>
    private static IEnumerable<KeyValuePair<int, IReadOnlyList<string>>> AllPins(SectionReader section, AttestationOptions options)
    {
        var pins = options.Pcrs.ToDictionary(pin => pin.Key, pin => pin.Value.ToList());
        IReadOnlyDictionary<int, string>? first = null;
        foreach (var (position, path) in options.PcrsFrom.Index())
        {
            var location = section.Node.Child(nameof(options.PcrsFrom)).Child($"{position}").Location;
            var (measurements, reason) = MeasurementsFile.Read(path);
            if (reason is null && first is not null && !first.Keys.ToHashSet().SetEquals(measurements.Keys))
            {
                reason = $"{Quoted.Text(path)} has {Names(measurements.Keys)}, and the file before it {Names(first.Keys)}: "
                    + "pin the same PCRs of every image";
            }

            if (reason is null && options.Pcrs.Keys.Intersect(measurements.Keys).Any()
                && measurements.Keys.Except(options.Pcrs.Keys).FirstOrDefault(-1) is >= 0 and var lacking)
            {
                reason = $"{Quoted.Text(path)} pins PCR{lacking}, which Pcrs does not: an image of Pcrs would have to measure as this one";
            }

            if (reason is not null)
            {
                section.Report.Problem(location, reason);
                continue;
            }

            first ??= measurements;
            foreach (var (index, value) in measurements)
            {
                if (!pins.TryAdd(index, [value]))
                    pins[index].Add(value);
            }
        }

        return pins.Select(pin => KeyValuePair.Create(pin.Key, (IReadOnlyList<string>)pin.Value));

        static string Names(IEnumerable<int> indexes) => string.Join(", ", indexes.Select(index => $"PCR{index}"));
    }

    private static IReadOnlyDictionary<int, IReadOnlyList<string>> ReadPcrs(SectionReader section)
    {
        section.AcceptRest();
        var pins = new Dictionary<int, IReadOnlyList<string>>();
        foreach (var node in section.Node.Children)
        {
            if (PcrName.IndexOf(node.Key) is not { } index)
                section.Report.Problem(node.Location, $"is no PCR; write 0 to {PcrName.Last}, or PCR0 to PCR{PcrName.Last}");
            else if (!pins.TryAdd(index, ReadValues(section, index, node)))
                section.Report.Problem(node.Location, $"sets PCR{index}, which is set already");
        }

        return pins.Where(pin => pin.Value.Count > 0).ToFrozenDictionary();
    }

    private static List<string> ReadValues(SectionReader section, int index, ConfigurationNode node)
    {
        // One value may stand without its list.
        var values = new List<string>();
        foreach (var element in node.Value is not null ? [node] : node.Children)
        {
            if (element.Value is not { } text)
                section.Report.Problem(element.Location, "is not a value");
            else if (PcrPins.CheckValue(index, text) is { } mistake)
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
        var (anchor, reason) = RootFile.Read(path);
        if (reason is not null)
            section.Report.Problem(At(section, nameof(AttestationOptions.Root)), reason);
        return anchor;
    }
}
