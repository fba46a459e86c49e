using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Dns;
using ParentProxy.Egress;
using ParentProxy.Egress.Policy;
using ParentProxy.Egress.Resolving;
using ParentProxy.Egress.Tunnels;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Egress.Tunnels;

/// <summary>Requests to the HTTP proxy, by what becomes of the lookup of their name.</summary>
public sealed class ConnectLookupTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly EgressRefusals _refusals;
    private readonly RelayWatch<Tunnel> _watch;
    private readonly EgressContext _context;

    public ConnectLookupTests()
    {
        var options = new EgressOptions
        {
            Allow = [new EgressRuleOptions("Egress:Allow:0", null, null, [EgressHostPattern.Parse("a.example:*").Value])],
        };
        var configuration = new ActiveConfiguration(new ProxyOptions { Sections = new ConfigurationBuilder().Build(), Egress = options });
        _refusals = new EgressRefusals(_time, NullLogger.Instance);
        _watch = new RelayWatch<Tunnel>(_time);
        _context = new EgressContext(
            configuration, new EgressPeers(null!), new EgressCounts(), _refusals, _watch, _time, NullLogger.Instance);
        _context.Use(new EgressPolicy(options, () => new HashSet<IPAddress>()));
    }

    [Theory]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "a.example:443")]
    [InlineData("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example:80")]
    public async Task Request_LookupsAreUsedUp_IsAnsweredCountedAndWrittenDown(string request, string destination)
    {
        var resolver = new FixedResolver(() => throw new ResolveException(UpstreamResult.Busy, "all are taken"));

        var answer = await AskAsync(request, resolver);

        Assert.StartsWith("HTTP/1.1 503 Service Unavailable: a.example was not looked up\r\n", answer, StringComparison.Ordinal);
        Assert.Contains($"\"detail\":\"{destination}: Too many lookups are open", answer, StringComparison.Ordinal);
        Assert.Equal([("unix:/run/test.sock", "Egress:Allow:0", EgressResult.Limit, 1)], _context.Counts.Results);
        var refusal = Assert.Single(_refusals.Recent);
        Assert.Equal((destination, "busy", "all are taken"), (refusal.What, refusal.Code, refusal.Reason));
        Assert.Equal("16", resolver.Enclave);
    }

    [Fact]
    public async Task Request_PrivateAddressOfTheHostsFile_IsToldToTheOperatorAlone()
    {
        var resolver = new FixedResolver(() => new ResolvedHost([IPAddress.Parse("10.0.3.7")], IsLocal: true));

        var answer = await AskAsync("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", resolver);

        Assert.StartsWith("HTTP/1.1 403 Forbidden: no rule of the parent allows a.example:443\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\"detail\":\"a.example:443: it leads to an address that needs a rule of its own", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.3.7", answer, StringComparison.Ordinal);
        Assert.Contains("add \"10.0.3.7:443\" to the Hosts of one", Assert.Single(_refusals.Recent).Reason, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _refusals.Dispose();
    }

    private async Task<string> AskAsync(string request, FixedResolver resolver)
    {
        using var connection = new ServedConnection(
            new ConnectService(new DestinationDialer(_context, resolver, SocketStream.SocketOptions), _context));
        connection.SendLast(Encoding.ASCII.GetBytes(request));
        return Encoding.ASCII.GetString(await connection.ReadAllAsync());
    }

    private sealed class FixedResolver(Func<ResolvedHost> answer) : IResolver
    {
        public string? Enclave { get; private set; }

        public ValueTask<ResolvedHost> ResolveAsync(HostName name, string? enclave, CancellationToken cancellationToken)
        {
            Enclave = enclave;
            return ValueTask.FromResult(answer());
        }
    }
}
