namespace ParentProxy.Configuration.Reading;

/// <summary>What other programs, and people, call things that have another name here.</summary>
internal static class OtherNames
{
    // Letters and digits only, in capitals; the names here likewise.
    private static readonly Dictionary<string, string[]> Table = Build(
        // Policies: HAProxy, nginx, Envoy, Traefik
        ("LEASTREQUESTS", "LEASTCONN LEASTCONNECTION LEASTCONNECTIONS LEASTREQUEST LEASTLOADED WEIGHTEDROUNDROBIN WRR"),
        ("ROUNDROBIN", "RR STATICRR"),
        ("POWEROFTWOCHOICES", "P2C POWEROFTWO POWEROF2 TWOCHOICES RANDOM2 RANDOMTWO RANDOMTWOLEASTCONN"),
        ("FIRSTALPHABETICAL", "FIRST ALPHABETICAL"),
        ("RANDOM", "RAND"),
        // Transports and what belongs to them
        ("VSOCK", "AFVSOCK NITRO"),
        ("TCP", "HTTP HTTPS INET IP IPV4 IPV6"),
        ("UNIX", "UDS SOCKET UNIXSOCKET AFUNIX FILE"),
        ("HYBRID", "FIRECRACKER CLOUDHYPERVISOR VHOST HYBRIDVSOCK"),
        ("CID", "CONTEXTID ENCLAVECID"),
        ("TCPHOST", "HOST HOSTNAME IP SERVER"),
        ("PATH", "SOCKET SOCKETPATH UDS FILE CERTFILE CRT"),
        ("TRANSPORT", "TYPE KIND PROTOCOL SCHEME"),
        // Listeners
        ("URL", "LISTEN BIND ADDRESS PORT URLS IP"),
        ("CERTIFICATE", "TLS SSL CERT"),
        ("KEYPATH", "KEY KEYFILE PRIVATEKEY CERTIFICATEKEY"),
        ("HTTP1", "HTTP11"),
        ("HTTP2", "H2 H2C HTTP20"),
        ("HTTP1ANDHTTP2", "ALL BOTH"),
        ("TLS12", "TLSV12 12"),
        ("TLS13", "TLSV13 13"),
        // Logs
        ("VERBOSE", "TRACE ALL"),
        ("INFORMATION", "INFO NOTICE"),
        ("WARNING", "WARN"),
        ("ERROR", "ERR"),
        ("FATAL", "CRITICAL CRIT"),
        ("CONSOLE", "STDOUT STDERR TERMINAL JOURNAL SYSLOG"),
        ("COMBINED", "COMMON APACHE NGINX CLF TEXT"),
        ("TEXT", "PLAIN CONSOLE"),
        // Switches with more than two positions
        ("ALL", "ON TRUE YES FULL ENABLED"),
        ("OFF", "FALSE NO NONE DISABLED NEVER"),
        ("ERRORS", "FAILURES"),
        ("ALWAYS", "ON TRUE YES"),
        ("NEVER", "OFF FALSE NO"),
        ("CONNECT", "TCP"),
        // The command line
        ("RUN", "START SERVE SERVER"),
        ("CONFIG", "C F FILE CONF CFG CONFIGURATION CONFIGFILE SETTINGS"),
        ("VERSION", "V VER"),
        ("HELP", "USAGE"));

    /// <summary>Whether a name is one for that thing.</summary>
    public static bool Mean(string plain, string name) => Table.TryGetValue(name, out var others) && others.Contains(plain);

    private static Dictionary<string, string[]> Build(params IEnumerable<(string Name, string Others)> rows) =>
        rows.ToDictionary(row => row.Name, row => row.Others.Split(' '), StringComparer.Ordinal);
}
