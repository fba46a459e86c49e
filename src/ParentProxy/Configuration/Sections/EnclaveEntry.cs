using System.Text.RegularExpressions;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration.Sections;

/// <summary>An entry of <c>Enclaves</c> as written: with a mistake in it, it is still known by its Id and Name.</summary>
/// <param name="Location">Where it was written.</param>
/// <param name="Id">Its Id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Endpoint">Where it is dialled; null when that is wrong or missing.</param>
/// <param name="Weight">Its share of the requests; 0 for none.</param>
/// <param name="State">Whether it is to get traffic.</param>
/// <param name="Backup">Whether it is a backup.</param>
internal sealed partial record EnclaveEntry(
    string Location, string Id, string Name, EnclaveEndpoint? Endpoint, int Weight, EnclaveMode State, bool Backup)
{
    private const int MaxWeight = 1000;

    /// <summary>Reads an entry; its Id is its key (the position in a list) unless it has one of its own.</summary>
    public static EnclaveEntry Read(SectionReader section)
    {
        var id = section.Optional(section.Key, ParseId, "Id");
        return new EnclaveEntry(
            section.Location,
            id,
            section.Optional(id, Values.Label, "Name"),
            ReadEndpoint(section),
            section.Number(1, 0, MaxWeight, "Weight"),
            section.Enum(EnclaveMode.Ready, "State"),
            section.Bool(false, "Backup"));
    }

    /// <summary>Whether it gets nothing new.</summary>
    public bool IsDrained => State == EnclaveMode.Drain || Weight == 0;

    /// <summary>Whether <c>enclave://X</c> means this entry, by Id or Name, ignoring case.</summary>
    public bool Matches(string pattern) => EnclavePattern.Matches(pattern, Id) || EnclavePattern.Matches(pattern, Name);

    private static EnclaveEndpoint? ReadEndpoint(SectionReader section)
    {
        // A Cid under tcp is common in existing configurations: settings of the other transports are known, and that is all.
        foreach (var key in (string[])["Cid", "Port", "TcpHost", "Path"])
            section.Ask(key);

        if (!section.TryValue(EnclaveTransport.Vsock, Values.Enum<EnclaveTransport>, out var transport, "Transport"))
            return null;
        if (IsTransportForgotten(section, out var meant))
        {
            var node = section.Ask("Transport");
            section.Report.Problem(
                node.Location,
                $"is missing, which means vsock, but there is no Cid and {meant.Key} is set; "
                    + $"{(node.Origin.Variable is { } variable ? $"set {variable} to" : "write")} {meant.Transport}");
            return null;
        }

        switch (transport)
        {
            case EnclaveTransport.Vsock:
                return section.TryRequired("Cid", ParseCid, out var cid) & TryPort(out var port) ? EnclaveEndpoint.Vsock(cid, port) : null;
            case EnclaveTransport.Tcp:
                return section.TryRequired("TcpHost", ParseHost, out var host) & TryPort(out port)
                    ? EnclaveEndpoint.Tcp(host!, port)
                    : null;
            case EnclaveTransport.Unix:
                return section.TryRequired("Path", ParsePath, out var path) ? EnclaveEndpoint.Unix(path) : null;
            default:
                return section.TryRequired("Path", ParsePath, out path) & TryPort(out port) ? EnclaveEndpoint.Hybrid(path!, port) : null;
        }

        bool TryPort(out uint port) => section.TryRequired("Port", text => ParsePort(text, transport), out port);
    }

    private static bool IsTransportForgotten(SectionReader section, out (string Key, string Transport) meant)
    {
        meant = section.Ask("TcpHost").IsSet ? ("TcpHost", "tcp")
            : section.Ask("Port").IsSet ? ("Path", "hybrid (a socket that is told the port by CONNECT, as Firecracker's) or unix")
            : ("Path", "unix");
        return !section.Ask("Transport").IsSet && !section.Ask("Cid").IsSet && section.Ask(meant.Key).IsSet;
    }

    private static Parsed<string> ParseId(string text)
    {
        if (!IdPattern().IsMatch(text))
            return new Mistake($"{Quoted.Text(text)} is no Id: 1 to 64 letters, digits, '.', '_' or '-'");
        return text.Equals(Names.NoEnclave, StringComparison.OrdinalIgnoreCase)
            ? new Mistake($"{Quoted.Text(text)} stands in the metrics for requests that reached no enclave; choose another Id")
            : text;
    }

    private static Parsed<uint> ParseCid(string text) => Check(Values.Number(text, 0u, uint.MaxValue), EnclaveEndpoint.CheckCid);

    private static Parsed<uint> ParsePort(string text, EnclaveTransport transport) =>
        Check(Values.Number(text, 0u, uint.MaxValue), port => EnclaveEndpoint.CheckPort(transport, port));

    private static Parsed<string> ParseHost(string text) => Check<string>(text, EnclaveEndpoint.CheckHost);

    private static Parsed<string> ParsePath(string text) => Check<string>(text, EnclaveEndpoint.CheckPath);

    private static Parsed<T> Check<T>(Parsed<T> parsed, Func<T, string?> check) =>
        parsed.Reason is null && check(parsed.Value) is { } reason ? new Mistake(reason) : parsed;

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();
}
