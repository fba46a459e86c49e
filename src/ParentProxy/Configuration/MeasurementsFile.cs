using System.Text.Json;
using ParentProxy.Attestation;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>
/// A file with the measurements of an image: what <c>nitro-cli build-enclave</c> or <c>describe-eif</c> printed, or <c>PCR0</c> and so on
/// alone, as <c>parent-proxy attest --pcrs-from</c> writes them.
/// </summary>
/// <remarks>
/// The output of <c>describe-enclaves</c> is refused: it tells the measurements of the image that was started, also where the enclave
/// runs in debug mode and has none (aws-nitro-enclaves-cli#695). Pins have to come from who built the image.
/// </remarks>
internal static class MeasurementsFile
{
    /// <summary>With the log of a build before it, the output of nitro-cli has some KiB.</summary>
    private const int MaxBytes = 1024 * 1024;

    private const string Prefix = "PCR";
    private const string Measurements = "Measurements";
    private const string HashAlgorithm = "HashAlgorithm";

    private static readonly string[] OfRunningEnclaves = ["EnclaveID", "EnclaveCID", "State", "Flags"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads the measurements in a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The measurements by their index, in lower-case hex digits; or all that is wrong.</returns>
    public static Parsed<IReadOnlyDictionary<int, string>> Read(string path)
    {
        var (bytes, reason) = SmallFile.Read(path, MaxBytes);
        if (reason is not null)
            return new Mistake(reason);
        var (measurements, mistake) = Parse(bytes);
        return mistake is null
            ? new Parsed<IReadOnlyDictionary<int, string>>(measurements, null)
            : new Mistake($"{Quoted.Text(path)} {mistake}");
    }

    /// <summary>Reads what is in a file; a mistake goes on from its name.</summary>
    public static Parsed<IReadOnlyDictionary<int, string>> Parse(ReadOnlyMemory<byte> bytes)
    {
        using var json = Find(bytes);
        if (json is null)
            return new Mistake("holds no JSON; it is the output of 'nitro-cli build-enclave' that is wanted");
        try
        {
            return ReadRoot(json.RootElement);
        }
        catch (InvalidOperationException)
        {
            return new Mistake("holds half a surrogate pair, which is no text");
        }
    }

    private static Parsed<IReadOnlyDictionary<int, string>> ReadRoot(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Array
            || (root.ValueKind == JsonValueKind.Object && root.EnumerateObject().Any(member => OfRunningEnclaves.Contains(member.Name))))
        {
            return new Mistake(
                "is the output of 'nitro-cli describe-enclaves', which tells the measurements of the image that was started and not "
                + "of what runs: they are the same in debug mode, where an enclave has none. "
                + "Take the output of 'nitro-cli build-enclave', or of 'nitro-cli describe-eif'");
        }

        if (root.ValueKind != JsonValueKind.Object)
            return new Mistake("is no JSON object with Measurements");
        if (!root.TryGetProperty(Measurements, out var measurements))
            return ReadPcrs(root);
        return measurements.ValueKind == JsonValueKind.Object
            ? ReadPcrs(measurements)
            : new Mistake($"has {Measurements} that are no object");
    }

    private static Parsed<IReadOnlyDictionary<int, string>> ReadPcrs(JsonElement json)
    {
        var pcrs = new SortedDictionary<int, string>();
        foreach (var member in json.EnumerateObject())
        {
            var text = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : null;
            if (member.Name == HashAlgorithm)
            {
                if (text is null || !text.StartsWith("Sha384", StringComparison.OrdinalIgnoreCase))
                    return new Mistake($"has another {HashAlgorithm} than Sha384");
                continue;
            }

            // A name that is mistyped would pin nothing.
            if (IndexOf(member.Name) is not { } index)
                return new Mistake($"has {Quoted.Text(member.Name)} where only PCR0 to PCR{PcrPins.LastIndex} may be");
            if (text is null)
                return new Mistake($"has a PCR{index} that is no text");
            if (PcrPins.CheckValue(index, text) is { } mistake)
                return new Mistake($"has a PCR{index} that is {mistake}");
            if (!pcrs.TryAdd(index, text.ToLowerInvariant()))
                return new Mistake($"has PCR{index} twice");
        }

        return pcrs.Count == 0
            ? new Mistake("has no measurements (PCR0, PCR1, PCR2)")
            : new Parsed<IReadOnlyDictionary<int, string>>(pcrs, null);
    }

    private static int? IndexOf(string name) =>
        name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? PcrName.IndexOf(name) : null;

    /// <summary>
    /// The JSON of a file: all of it, or what begins at the last line that begins with a bracket, behind the log of a build.
    /// </summary>
    private static JsonDocument? Find(ReadOnlyMemory<byte> bytes)
    {
        if (TryParse(bytes) is { } whole)
            return whole;
        for (var end = bytes.Length; bytes.Span[..end].LastIndexOf((byte)'\n') is >= 0 and var newline; end = newline)
        {
            if (newline + 1 < bytes.Length && bytes.Span[newline + 1] is (byte)'{' or (byte)'[')
                return TryParse(bytes[(newline + 1)..]);
        }

        return null;
    }

    private static JsonDocument? TryParse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes, Strict);
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
