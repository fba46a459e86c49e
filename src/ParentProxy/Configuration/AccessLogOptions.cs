using System.Globalization;
using ParentProxy.Configuration.Reading;
using ParentProxy.Runtime;

namespace ParentProxy.Configuration;

/// <summary>Section <c>AccessLog</c>: one line for each request.</summary>
internal sealed record AccessLogOptions
{
    /// <summary>Below this a file would hold a few seconds only, and at the least less than is written at once.</summary>
    private const long SmallestFile = 1024 * 1024;

    /// <summary>Which requests are logged.</summary>
    public AccessLogMode Mode { get; init; } = AccessLogMode.Errors;

    /// <summary>Where the lines go.</summary>
    public AccessLogSink Sink { get; init; } = AccessLogSink.Console;

    /// <summary>What a line looks like.</summary>
    public AccessLogFormat Format { get; init; } = AccessLogFormat.Json;

    /// <summary>The file, for <see cref="AccessLogSink.File"/>; null for the console.</summary>
    public string? Path { get; init; }

    /// <summary>Bytes over which the file is exchanged for a new one; 0: never, somebody else does it.</summary>
    public long MaxFileBytes { get; init; } = 100 * 1024 * 1024;

    /// <summary>Files that are kept, the one that is written included.</summary>
    public int MaxFiles { get; init; } = 10;

    /// <summary>Share of the responses 2xx that are logged, from 0 to 1; what <see cref="AccessLogMode.Errors"/> logs always is.</summary>
    public double Sample2xx { get; init; } = 1;

    /// <summary>Whether queries are left out.</summary>
    public bool RedactQuery { get; init; } = true;

    /// <summary>Fields of the request whose values are logged beside.</summary>
    public IReadOnlyList<string> Headers { get; init; } = ["User-Agent", "Referer"];

    /// <summary>Fields whose values are never logged.</summary>
    public IReadOnlyList<string> RedactHeaders { get; init; } = ["Authorization", "Cookie", "Set-Cookie"];

    public static AccessLogOptions Read(SectionReader section)
    {
        var defaults = new AccessLogOptions();
        var options = new AccessLogOptions
        {
            Mode = section.Enum(defaults.Mode),
            Sink = section.Enum(defaults.Sink),
            Format = section.Enum(defaults.Format),
            Path = section.Optional(defaults.Path, ParsePath),
            MaxFileBytes = section.Value(defaults.MaxFileBytes, ParseFileBytes),
            MaxFiles = section.Number(defaults.MaxFiles, 1, 1000),
            Sample2xx = section.Value(defaults.Sample2xx, ParseShare),
            RedactQuery = section.Bool(defaults.RedactQuery),
            Headers = section.List(defaults.Headers, ParseFieldName),
            RedactHeaders = section.List(defaults.RedactHeaders, ParseFieldName),
        };
        if (options is not { Sink: AccessLogSink.File, Mode: not AccessLogMode.Off })
            return options;

        var path = section.Node.Child(nameof(Path));
        if (!path.IsSet)
            section.Report.Problem(path.Location, $"is missing; {nameof(Sink)} file needs one, like /var/log/parent-proxy/access.log");
        else if (options.Path is { } file && WhyNotWritable(file, options.MaxFileBytes > 0) is { } reason)
            section.Report.Problem(path.Location, reason);
        return options;
    }

    private static Parsed<string?> ParsePath(string text) =>
        text.StartsWith('/') && !text.EndsWith('/') && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : new Mistake($"{Quoted.Text(text)} is not the absolute path of a file");

    private static Parsed<long> ParseFileBytes(string text)
    {
        var (bytes, reason) = Values.Number(text, 0L, long.MaxValue);
        return reason is null && bytes is > 0 and < SmallestFile
            ? new Mistake($"{text} is neither 0 nor from {SmallestFile}")
            : new Parsed<long>(bytes, reason);
    }

    private static Parsed<double> ParseShare(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1
            ? share
            : new Mistake($"{Quoted.Text(text)} is not a number from 0 to 1, like 0.05");

    private static Parsed<string> ParseFieldName(string text) =>
        Token.IsValid(text) ? text : new Mistake($"{Quoted.Text(text)} is no name of a header field");

    /// <summary>What leads to this process's own streams, whatever they are at the moment.</summary>
    private static bool IsStream(string file) =>
        file is "/dev/stdout" or "/dev/stderr"
            || file.StartsWith("/dev/fd/", StringComparison.Ordinal)
            || file.StartsWith("/proc/", StringComparison.Ordinal);

    /// <summary>Why a file cannot be written, or null. A new one is made when there is none, and where it rotates.</summary>
    private static string? WhyNotWritable(string file, bool rotates)
    {
        var folder = System.IO.Path.GetDirectoryName(file)!;
        if (!Directory.Exists(folder))
            return $"the folder {Quoted.Text(folder)} does not exist";
        if (Directory.Exists(file))
            return $"{Quoted.Text(file)} is a folder";
        if (IsStream(file) || FileKind.IsSpecial(file))
            return $"{Quoted.Text(file)} is no regular file; for standard output write \"{nameof(Sink)}\": \"console\"";
        var exists = File.Exists(file);
        if (exists && !Writing.IsAllowed(file))
            return $"the file {Quoted.Text(file)} is not writable for this user";
        return (rotates || !exists) && !Writing.IsAllowed(folder)
            ? $"the folder {Quoted.Text(folder)} is not writable for this user"
            : null;
    }
}
