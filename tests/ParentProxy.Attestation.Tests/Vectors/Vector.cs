using System.Globalization;
using System.Text.Json;

namespace ParentProxy.Attestation.Tests.Vectors;

/// <summary>One of the documents in the collection of vectors, and what it was judged to be.</summary>
/// <param name="File">The name of its file.</param>
/// <param name="IsReal">Whether AWS signed it, and nobody changed it since.</param>
/// <param name="Expected">ACCEPT, REJECT or a policy, in words.</param>
/// <param name="Reason">The reason of a rejection.</param>
/// <param name="Root">The file of its root.</param>
/// <param name="At">When it is to be verified.</param>
/// <param name="Nonce">The nonce that it was asked for with; null for none.</param>
/// <param name="Pcrs">What its image should measure to.</param>
public sealed record Vector(
    string File,
    bool IsReal,
    string Expected,
    string Reason,
    string Root,
    DateTimeOffset At,
    ReadOnlyMemory<byte>? Nonce,
    IReadOnlyDictionary<int, IReadOnlyList<string>> Pcrs)
{
    /// <summary>Names the folder with the vectors, which cannot be part of this repository.</summary>
    public const string FolderVariable = "ATTESTATION_VECTORS";

    private static readonly string? Folder = Find();

    /// <summary>Why there are none; null when there are.</summary>
    public static string? Absent => Folder is null
        ? $"the vectors are not here: set {FolderVariable} to their folder (AWS-signed documents of others are no part of this repository)"
        : null;

    /// <summary>Reads all of them; none when they are absent.</summary>
    public static IReadOnlyList<Vector> ReadAll()
    {
        if (Folder is null)
            return [];
        using var json = JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(Folder, "vectors.json")));
        return [.. json.RootElement.GetProperty("vectors").EnumerateArray().Select(Read)];
    }

    /// <summary>The document.</summary>
    public byte[] Bytes() => System.IO.File.ReadAllBytes(Path.Combine(Folder!, File));

    /// <summary>What it has to fulfil.</summary>
    public AttestationPolicy Policy() => new()
    {
        Root = TrustAnchor.Load(System.IO.File.ReadAllBytes(Path.Combine(Folder!, Root))),
        Pins = PcrPins.Create(Pcrs),
        Nonce = Nonce,
    };

    /// <inheritdoc/>
    public override string ToString() => File;

    private static Vector Read(JsonElement json)
    {
        var expected = json.GetProperty("expected");
        var isReal = json.GetProperty("kind").GetString() == "real-positive";
        var isAsked = isReal || !expected.GetString()!.Contains("no nonce", StringComparison.Ordinal);
        var asked = isAsked ? Text(json, "expected_nonce_hex") : null;
        var at = Text(json, "verify_at") ?? Text(json, "timestamp") ?? Text(json, "verify_at_timestamp");
        return new Vector(
            json.GetProperty("file").GetString()!,
            isReal,
            isReal ? expected.GetProperty("at_own_timestamp").GetString()! : expected.GetString()!,
            Text(json, "reason") ?? "",
            Text(json, "trust_root") ?? "root.pem",
            at is null ? DateTimeOffset.UnixEpoch : DateTimeOffset.Parse(at, CultureInfo.InvariantCulture),
            asked is { } nonce ? Convert.FromHexString(nonce) : default(ReadOnlyMemory<byte>?),
            json.TryGetProperty("expected_pcrs", out var pcrs)
                ? pcrs.EnumerateObject().ToDictionary(
                    pcr => int.Parse(pcr.Name, CultureInfo.InvariantCulture), pcr => (IReadOnlyList<string>)[pcr.Value.GetString()!])
                : new Dictionary<int, IReadOnlyList<string>>());
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named)
            return named;

        // They may lie beside the repository.
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "ParentProxy.sln")))
                return Path.Combine(folder.FullName, "..", "shared", "attestation-vectors") is var beside && Directory.Exists(beside)
                    ? beside
                    : null;
        }

        return null;
    }
}
