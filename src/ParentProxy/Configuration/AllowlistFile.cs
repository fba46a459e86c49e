using System.Text;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ParentProxy.Configuration;

/// <summary>
/// An allowlist as AWS's vsock-proxy has it: YAML, <c>allowlist:</c> with a list of <c>{address, port}</c>. Each entry is a rule for
/// every enclave.
/// </summary>
internal sealed class AllowlistFile
{
    /// <summary>Some 20,000 entries; the parser takes more than its share of time for nonsense of many megabytes.</summary>
    private const int MaxBytes = 1024 * 1024;

    /// <summary>The list is at the second level, its entries are the third.</summary>
    private const int MaxDepth = 16;

    private const string List = "allowlist";
    private const string Address = "address";
    private const string Port = "port";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _path;
    private readonly string _location;
    private readonly ConfigurationReport _report;
    private readonly Parser _parser;
    private readonly List<EgressRuleOptions> _rules = [];
    private int _depth;

    private AllowlistFile(string path, string text, string location, ConfigurationReport report)
    {
        _path = path;
        _location = location;
        _report = report;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads a file; what is wrong with it is reported, each mistake with its line and column.</summary>
    /// <param name="path">The file.</param>
    /// <param name="location">Where its name was written.</param>
    /// <param name="report">Takes the mistakes.</param>
    public static IReadOnlyList<EgressRuleOptions> Read(string path, string location, ConfigurationReport report)
    {
        if (ReadText(path, out var text) is { } reason)
        {
            report.Problem(location, reason);
            return [];
        }

        var file = new AllowlistFile(path, text, location, report);
        try
        {
            file.ReadStream();
        }
        catch (YamlException e)
        {
            file.Problem(e.Start, $"is not YAML: {e.Message}");
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or IndexOutOfRangeException)
        {
            // The scanner throws these for some malformed text, with no place in it.
            file.Problem(file._parser.Current?.End ?? Mark.Empty, "is not YAML from here on");
        }

        return file._rules;
    }

    private static string? ReadText(string path, out string text)
    {
        text = "";
        if (NamedFile.Read(path, MaxBytes, out var bytes) is { } reason)
            return reason;
        try
        {
            text = Utf8.GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            return $"{Quoted.Text(path)} is not text in UTF-8";
        }

        // The parser takes it for the end.
        var zero = text.IndexOf('\0', StringComparison.Ordinal);
        return zero < 0 ? null : $"{Quoted.Text(path)} holds a zero byte in line {text.AsSpan(0, zero).Count('\n') + 1}";
    }

    private void ReadStream()
    {
        Next();
        if (Next() is not DocumentStart)
        {
            Problem(new Mark(0, 1, 1), $"is empty; it begins with {List}:");
            return;
        }

        var hasList = false;
        ReadMapping(Next(), $"{List}: with a list", (key, value) =>
        {
            hasList |= key.Value == List;
            if (key.Value != List)
                Refuse(key, value, $"unknown key {Quoted.Text(key.Value)}; the only one here is {List}");
            else if (value is SequenceStart)
                ReadList();
            else
                Refuse(value, value, $"is not a list of entries with {Address} and {Port}");
        }, start =>
        {
            if (!hasList)
                Problem(start, $"has no {List}:");
        });
        Next();
        if (Next() is DocumentStart second)
            Problem(second.Start, "begins a second document, which would not be read");
    }

    private void ReadList()
    {
        while (Next() is var item and not SequenceEnd)
        {
            Scalar? address = null;
            Scalar? port = null;
            var line = item.Start.Line;
            var problems = _report.Problems.Count;
            ReadMapping(item, $"an entry with {Address} and {Port}", (key, value) =>
            {
                if (key.Value is not (Address or Port))
                    Refuse(key, value, $"unknown key {Quoted.Text(key.Value)}; an entry has {Address} and {Port}");
                else if (value is not Scalar scalar)
                    Refuse(value, value, $"{key.Value} is not a value");
                else if (key.Value == Address)
                    address = scalar;
                else
                    port = scalar;
            }, start =>
            {
                if (_report.Problems.Count == problems && (address is null || port is null))
                    Problem(start, $"has no {(address is null ? Address : Port)}");
            });
            if (address is not null && port is not null)
                Add(address, port, line);
        }
    }

    private void Add(Scalar address, Scalar port, long line)
    {
        var problems = _report.Problems.Count;
        if (!Destination.TryParsePort(port.Value, out var number))
            Problem(port.Start, $"{Port} {Quoted.Text(port.Value)} is not a number from 1 to 65535");
        if (address.Value.AsSpan().ContainsAny("*/"))
            Problem(
                address.Start,
                $"{Address} {Quoted.Text(address.Value)} is a pattern, which this file cannot have; write it in Egress:Allow");
        if (_report.Problems.Count > problems)
            return;
        var (pattern, reason) = EgressHostPattern.Parse(Destination.Join(address.Value, number));
        if (reason is not null)
            Problem(address.Start, $"{Address} {reason}");
        else
            _rules.Add(new EgressRuleOptions($"{Path.GetFileName(_path)}:{line}", null, null, [pattern]) { IsOfFile = true });
    }

    /// <summary>Reads a mapping to its end.</summary>
    /// <param name="start">What stands where it should begin.</param>
    /// <param name="expected">What it is, for an operator.</param>
    /// <param name="read">Takes a key and the event that begins its value, and reads this to its end.</param>
    /// <param name="ended">Called at the end, with the place of the beginning.</param>
    private void ReadMapping(ParsingEvent start, string expected, Action<Scalar, ParsingEvent> read, Action<Mark> ended)
    {
        if (start is not MappingStart)
        {
            Refuse(start, start, $"is not {expected}");
            return;
        }

        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (Next() is var key and not MappingEnd)
        {
            if (key is not Scalar name)
            {
                Refuse(key, key, "is no key");
                Skip(Next());
            }
            else if (!keys.Add(name.Value))
            {
                Refuse(key, Next(), $"{Quoted.Text(name.Value)} is there twice");
            }
            else
            {
                read(name, Next());
            }
        }

        ended(start.Start);
    }

    private void Refuse(ParsingEvent place, ParsingEvent value, string reason)
    {
        Problem(place.Start, reason);
        Skip(value);
    }

    /// <summary>Reads what an event began to its end.</summary>
    private void Skip(ParsingEvent start)
    {
        var depth = _depth - start.NestingIncrease;
        while (_depth > depth)
            Next();
    }

    private ParsingEvent Next()
    {
        if (!_parser.MoveNext())
            throw new YamlException(_parser.Current?.Start ?? Mark.Empty, _parser.Current?.End ?? Mark.Empty, "the end comes too early");
        var current = _parser.Current!;
        _depth += current.NestingIncrease;
        if (_depth > MaxDepth)
            throw new YamlException(current.Start, current.End, "nested too deeply");
        return current;
    }

    private void Problem(Mark mark, string reason) =>
        _report.Problem(_location, $"{_path}, line {mark.Line}, column {mark.Column}: {reason}");
}
