using System.Globalization;
using System.Text;
using System.Text.Unicode;
using ParentProxy.Attestation;

namespace ParentProxy.Commands.Attest;

/// <summary>Says to a person what became of a document: the verdict, what was checked and what was not, and what it says.</summary>
internal static class AttestReport
{
    private const string Unverified = "unverified  ";
    private const int MaxTextLength = 300;

    /// <summary>The lines of a verdict.</summary>
    public static IEnumerable<string> Lines(AttestVerdict verdict)
    {
        var (result, policy) = (verdict.Result, verdict.Policy);
        yield return Headline(result);
        if (result.Document is not { } document)
        {
            yield return "Nothing that it says may be relied on; --no-verify shows it.";
            yield break;
        }

        yield return "";
        yield return "Checked";
        foreach (var line in Checked(verdict, document))
            yield return line;
        var gaps = Gaps(verdict, document).ToList();
        if (gaps.Count > 0)
        {
            yield return "";
            yield return "NOT checked";
            foreach (var gap in gaps)
                yield return $"  {gap}";
        }

        yield return "";
        yield return verdict.Endpoint is { } endpoint ? $"Enclave at {endpoint}" : "Enclave";
        foreach (var line in Content(document))
            yield return $"  {line}";
    }

    /// <summary>The lines of a document of which nothing was checked; each says so.</summary>
    public static IEnumerable<string> UnverifiedLines(AttestationDocument document)
    {
        yield return "NOTHING WAS CHECKED (--no-verify): anybody can write such a document.";
        yield return $"{Unverified}{Field("debug mode", document.IsDebug ? "on" : "off")}";
        foreach (var line in Content(document))
            yield return Unverified + line;
    }

    private static string Headline(AttestationResult result) => result.Verdict switch
    {
        AttestationVerdict.Verified => "VERIFIED: the document is genuine, and of the image that is pinned.",
        AttestationVerdict.Unpinned when result.IsDebug =>
            "UNPINNED: the document is genuine, but of an enclave in debug mode, which may run anything.",
        AttestationVerdict.Unpinned =>
            "UNPINNED: the document is genuine, but nothing says which image it has to be of. Pin one: --pcr0 HEX, or --pcrs-from FILE.",
        _ => $"REJECTED ({result.Failure!.Reason.Code()}): {result.Failure.Message}.",
    };

    private static IEnumerable<string> Checked(AttestVerdict verdict, AttestationDocument document)
    {
        var policy = verdict.Policy;
        var root = policy.Root.IsCustom ? "the custom root" : "the root of AWS";
        yield return $"  {Field("signatures", $"of the document, and of its certificates up to {root} ({policy.Root.Fingerprint})")}";
        var age = (verdict.At - document.Timestamp).TotalSeconds;
        yield return $"  {Field("age", string.Create(
            CultureInfo.InvariantCulture, $"{age:0.###} s; {policy.MaxAge.TotalSeconds:0} s are allowed"))}";
        if (!document.IsDebug)
            yield return $"  {Field("debug mode", "off")}";
        if (Compared(policy, document) is { Count: > 0 } compared)
            yield return $"  {Field("PCRs", $"{string.Join(", ", compared)} as pinned")}";
        if (policy.Nonce is not null)
            yield return $"  {Field("nonce", "as asked for")}";
    }

    /// <summary>What a reader could take for checked.</summary>
    private static IEnumerable<string> Gaps(AttestVerdict verdict, AttestationDocument document)
    {
        var policy = verdict.Policy;
        if (document.IsDebug)
            yield return "the image: in debug mode PCR0, 1, 2 and 8 are zero, whatever runs; --allow-debug let it pass";
        else if (policy.Pins.IsEmpty)
            yield return "the image: no PCR is pinned";
        if (policy.Nonce is null)
            yield return "the nonce: none was given, so this may be any document of the last minutes, made for anybody";
        if (policy.Root.IsCustom)
            yield return "that AWS vouches for it: another root is trusted";
        if (!verdict.IsNow)
            yield return $"that it holds now: it was judged by {Time(verdict.At)} (--at)";
    }

    private static List<int> Compared(AttestationPolicy policy, AttestationDocument document) =>
        [.. policy.Pins.Indexes.Where(index => !document.IsDebug || index is not (0 or 1 or 2 or 8))];

    private static IEnumerable<string> Content(AttestationDocument document)
    {
        yield return Field("module id", document.ModuleId);
        yield return Field("made", Time(document.Timestamp));
        foreach (var (index, value) in document.Pcrs.OrderBy(pcr => pcr.Key).Where(pcr => pcr.Value.Span.ContainsAnyExcept((byte)0)))
            yield return Field(string.Create(CultureInfo.InvariantCulture, $"PCR{index}"), Convert.ToHexStringLower(value.Span));
        if (document.Pcrs.Values.All(value => !value.Span.ContainsAnyExcept((byte)0)))
            yield return Field("PCRs", "all zero");
        yield return Field(
            "public key", document.PublicKey is { } key ? $"{key.Length} bytes: {Convert.ToBase64String(key.Span)}" : "none");
        yield return Field("user data", Shown(document.UserData));
        yield return Field("nonce", Shown(document.Nonce));
    }

    private static string Shown(ReadOnlyMemory<byte>? bytes) => bytes is not { } shown ? "none"
        : shown.IsEmpty ? "0 bytes"
        : IsPrintable(shown.Span) ? $"\"{Encoding.UTF8.GetString(shown.Span)}\""
        : $"{shown.Length} bytes: {Convert.ToHexStringLower(shown.Span)}";

    /// <summary>Whether bytes are text that says on a terminal what it is, and nothing else.</summary>
    private static bool IsPrintable(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxTextLength || !Utf8.IsValid(bytes))
            return false;
        foreach (var rune in Encoding.UTF8.GetString(bytes).EnumerateRunes())
        {
            if (rune.Value != ' ' && !Rune.IsLetterOrDigit(rune) && !Rune.IsPunctuation(rune) && !Rune.IsSymbol(rune))
                return false;
        }

        return true;
    }

    private static string Field(string name, string value) => $"{name,-10}  {value}";

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);
}
