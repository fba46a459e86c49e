using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Egress;
using ParentProxy.Egress.Policy;
using ParentProxy.Egress.Resolving;
using ParentProxy.Egress.Tunnels;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Egress.Tunnels;

/// <summary>Tunnels of an enclave whose lookups are used up.</summary>
public sealed class BusyResolversTests
{
    [Theory]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "a.example:443")]
    [InlineData("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example:80")]
    public async Task Request_LookupsAreUsedUp_IsAnsweredCountedAndWrittenDown(string request, string destination)
    {
        var time = new ManualTimeProvider();
        var options = new EgressOptions
        {
            Allow = [new EgressRuleOptions("Egress:Allow:0", null, null, [EgressHostPattern.Parse("a.example:*").Value])],
        };
        var configuration = new ActiveConfiguration(new ProxyOptions { Sections = new ConfigurationBuilder().Build(), Egress = options });
        var log = NullLogger.Instance;
        using var refusals = new EgressRefusals(time, log);
        using var watch = new RelayWatch<Tunnel>(time);
        var context = new EgressContext(configuration, new EgressPeers(null!), new EgressCounts(), refusals, watch, time, log);
        context.Use(new EgressPolicy(options, () => new HashSet<IPAddress>()));
        var resolver = new BusyResolver();
        using var connection = new ServedConnection(
            new ConnectService(new DestinationDialer(context, resolver, SocketStream.SocketOptions), context));

        connection.SendLast(Encoding.ASCII.GetBytes(request));

        var answer = Encoding.ASCII.GetString(await connection.ReadAllAsync());
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable: a.example was not looked up\r\n", answer, StringComparison.Ordinal);
        Assert.Contains($"\"detail\":\"{destination}: Too many lookups are open", answer, StringComparison.Ordinal);
        Assert.Equal([("unix:/run/test.sock", "Egress:Allow:0", EgressResult.Limit, 1)], context.Counts.Results);
        var refusal = Assert.Single(refusals.Recent);
        Assert.Equal((destination, "busy", "all are taken"), (refusal.What, refusal.Code, refusal.Reason));
        Assert.Equal("16", resolver.Enclave);
    }

    private sealed class BusyResolver : IResolver
    {
        public string? Enclave { get; private set; }

        public ValueTask<ResolvedHost> ResolveAsync(HostName name, string? enclave, CancellationToken cancellationToken)
        {
            Enclave = enclave;
            throw new ResolveException(UpstreamResult.Busy, "all are taken");
        }
    }
}
