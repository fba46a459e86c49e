using System.Globalization;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency;

/// <summary>Ours, in this process.</summary>
internal sealed class ProxyFront : IFront
{
    /// <summary>A case says what one try does; the suite of failover says what another one may mend.</summary>
    private const string SentOnce = "Retry:MaxAttempts=1";

    private readonly TestProxy _proxy;

    private ProxyFront(TestProxy proxy) => _proxy = proxy;

    public Uri Uri => _proxy.Uri;

    /// <summary>By the route that every enclave has.</summary>
    public static async Task<IFront> StartDirectAsync(int enclavePort) => new ProxyFront(await TestProxy.StartAsync(Direct(enclavePort)));

    /// <summary>By a route of YARP's section that changes a field of no interest.</summary>
    public static async Task<IFront> StartTransformedAsync(int enclavePort) =>
        new ProxyFront(await TestProxy.StartAsync(Transformed(enclavePort)));

    /// <summary>The settings of the first.</summary>
    public static string[] Direct(int enclavePort) =>
        [.. TestProxy.Enclave(0, EndPoint(enclavePort)), "Health:Probe:Enabled=false", SentOnce];

    /// <summary>The settings of the second.</summary>
    public static string[] Transformed(int enclavePort) =>
    [
        "Health:Probe:Enabled=false",
        SentOnce,
        "ReverseProxy:Clusters:c:Destinations:d:Address=" + EndPoint(enclavePort),
        "ReverseProxy:Routes:r:ClusterId=c",
        "ReverseProxy:Routes:r:Match:Path=/{**rest}",
        $"ReverseProxy:Routes:r:Transforms:0:RequestHeader={WireRun.FieldOfTheRoute}",
        "ReverseProxy:Routes:r:Transforms:0:Set=yes",
    ];

    /// <remarks>A tunnel goes on until the enclave ends its direction, too; it is never sent again.</remarks>
    public Task SettleAsync() => Eventually.TrueAsync(() => _proxy.Server.Registry.All.All(enclave => enclave.InFlight == enclave.Tunnels));

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    private static string EndPoint(int port) => string.Create(CultureInfo.InvariantCulture, $"tcp://127.0.0.1:{port}");
}
