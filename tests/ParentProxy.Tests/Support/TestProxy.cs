using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Hosting;
using ParentProxy.Simulator;
using ParentProxy.Telemetry;

namespace ParentProxy.Tests.Support;

/// <summary>The real proxy in this process, on free ports of the loopback.</summary>
internal sealed class TestProxy : IAsyncDisposable
{
    private readonly Dictionary<string, string> _settings;
    private readonly ActiveConfiguration _configuration;
    private readonly ILoggerFactory _loggers;
    private Task<bool>? _stop;

    private TestProxy(Dictionary<string, string> settings, IEnclaveDialer? dialer, OtlpSettings? otlp)
    {
        _settings = settings;
        _configuration = new ActiveConfiguration(Load(settings));
        _loggers = LoggerFactory.Create(logging => logging
            .AddProvider(Log)
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("ParentProxy", LogLevel.Debug)
            .AddFilter("Yarp", LogLevel.Error));
        Server = new ProxyServer(_configuration, _loggers, TimeProvider.System, dialer, otlp: otlp);
        Http = null!;
        Admin = null!;
    }

    public ProxyServer Server { get; }

    public TestLog Log { get; } = new();

    /// <summary>The first public listener.</summary>
    public Uri Uri => new(Server.Ingress.EndPoints[0].Replace("[::]", "127.0.0.1", StringComparison.Ordinal));

    public Uri AdminUri => new(Server.AdminEndPoint);

    /// <summary>A client of the first public listener.</summary>
    public HttpClient Http { get; private set; }

    public HttpClient Admin { get; private set; }

    /// <summary>Starts a proxy and waits for the first round of probes.</summary>
    public static Task<TestProxy> StartAsync(params string[] settings) => StartAsync(dialer: null, settings);

    /// <summary>The same, with another dialer: to enclaves that no machine has.</summary>
    public static Task<TestProxy> StartAsync(IEnclaveDialer? dialer, params string[] settings) => StartAsync(dialer, otlp: null, settings);

    /// <summary>The same, with metrics and spans exported.</summary>
    public static async Task<TestProxy> StartAsync(IEnclaveDialer? dialer, OtlpSettings? otlp, params string[] settings)
    {
        var proxy = await StartUnprobedAsync(dialer, otlp, settings);
        await proxy.Server.FirstRoundAsync(CancellationToken.None).WaitAsync(TestDeadline.Value);
        return proxy;
    }

    /// <summary>Starts a proxy; the first probes may still be running.</summary>
    public static Task<TestProxy> StartUnprobedAsync(params string[] settings) => StartUnprobedAsync(dialer: null, settings);

    /// <summary>The same, with another dialer.</summary>
    public static Task<TestProxy> StartUnprobedAsync(IEnclaveDialer? dialer, params string[] settings) =>
        StartUnprobedAsync(dialer, otlp: null, settings);

    private static async Task<TestProxy> StartUnprobedAsync(IEnclaveDialer? dialer, OtlpSettings? otlp, params string[] settings)
    {
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Admin:Url"] = "http://127.0.0.1:0",
            ["Timeouts:DrainDelay"] = "00:00:00",

            // Else it would be between what the tests themselves print.
            ["AccessLog:Mode"] = "off",
        };
        if (!settings.Any(s => s.StartsWith("Kestrel:Endpoints", StringComparison.Ordinal)))
            all["Kestrel:Endpoints:Http:Url"] = "http://127.0.0.1:0";
        Add(all, settings);
        var proxy = new TestProxy(all, dialer, otlp);
        await proxy.Server.StartAsync(CancellationToken.None).WaitAsync(TestDeadline.Value);
        proxy.Http = Client(proxy.Uri);
        proxy.Admin = Client(proxy.AdminUri);
        return proxy;
    }

    /// <summary>A proxy in front of these simulated enclaves, known by their position.</summary>
    public static Task<TestProxy> InFrontOfAsync(SimulatedEnclave enclave, params string[] settings) =>
        StartAsync([.. Enclave(0, enclave.EndPoint), .. settings]);

    /// <summary>A proxy that never probes: every connection that the enclave sees is a request's.</summary>
    public static Task<TestProxy> InFrontOfAsync(ScriptedEnclave enclave, params string[] settings) =>
        StartAsync([.. Enclave(0, enclave.EndPoint), "Health:Probe:Enabled=false", .. settings]);

    /// <summary>The settings of an enclave, from its URI.</summary>
    public static string[] Enclave(int n, string uri)
    {
        var key = $"Enclaves:{n}:";
        var rest = uri[(uri.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var colon = rest.LastIndexOf(':');
        return uri.Split(':')[0] switch
        {
            "unix" => [$"{key}Transport=unix", $"{key}Path={rest}"],
            "hybrid" => [$"{key}Transport=hybrid", $"{key}Path={rest[..colon]}", $"{key}Port={rest[(colon + 1)..]}"],
            _ => [$"{key}Transport=tcp", $"{key}TcpHost={rest[2..colon]}", $"{key}Port={rest[(colon + 1)..]}"],
        };
    }

    /// <summary>A client that adds nothing of its own and waits no longer than a test may.</summary>
    public static HttpClient Client(Uri uri, Version? version = null) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    })
    {
        BaseAddress = uri,
        DefaultRequestVersion = version ?? HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TestDeadline.Value,
    };

    /// <summary>A raw connection to the first public listener.</summary>
    public Task<WireConnection> ConnectAsync() => WireConnection.ConnectAsync(Uri);

    /// <summary>Sends one request as it is written and reads its answer.</summary>
    public async Task<WireMessage> ExchangeAsync(string request, bool bodiless = false)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync(request);
        return await connection.ReadMessageAsync(bodiless);
    }

    /// <summary>What <c>/echo</c> of a simulated enclave says about a request.</summary>
    public async Task<Echo> EchoAsync(string fields = "", string method = "GET", string target = "/echo")
    {
        var answer = await ExchangeAsync($"{method} {target} HTTP/1.1\r\nHost: example.test\r\n{fields}\r\n");
        Assert.Equal(200, answer.Status);
        return Echo.Parse(answer);
    }

    /// <summary>Reloads: the settings of the start with these in their place.</summary>
    public void Apply(params string[] settings)
    {
        Add(_settings, settings);
        Server.Apply(Load(_settings));
    }

    /// <summary>Reloads without those settings of the start that begin so.</summary>
    public void ApplyWithout(string prefix, params string[] settings)
    {
        foreach (var key in _settings.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToList())
            _settings.Remove(key);
        Apply(settings);
    }

    /// <summary>An enclave as the admin listener shows it.</summary>
    public async Task<JsonElement> EnclaveAsync(string id)
    {
        using var json = JsonDocument.Parse(await Admin.GetStringAsync("/enclaves"));
        return json.RootElement.GetProperty("enclaves").EnumerateArray().Single(e => e.GetProperty("id").GetString() == id).Clone();
    }

    /// <summary>The health of the whole as the admin listener shows it, whatever it is.</summary>
    public async Task<JsonElement> HealthAsync()
    {
        using var answer = await Admin.GetAsync("/health");
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.Clone();
    }

    /// <summary>How often requests were tried once more for a reason, as the admin listener shows it.</summary>
    public Task<long> RetriesAsync(string reason) => CountAsync("retries", reason);

    /// <summary>How often requests were refused over a limit, as the admin listener shows it.</summary>
    public Task<long> RejectedAsync(string limit) => CountAsync("rejected", limit);

    /// <summary>Waits until the admin listener shows an enclave in a state.</summary>
    public async Task WaitForStateAsync(string id, string state)
    {
        JsonElement last = default;
        await Eventually.TrueAsync(
            async () => (last = await EnclaveAsync(id)).GetProperty("state").GetString() == state,
            () => last.ToString());
    }

    /// <summary>Stops as a signal does.</summary>
    public Task<bool> StopAsync() => _stop ??= Server.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Admin.Dispose();
        await Server.DisposeAsync().AsTask().WaitAsync(TestDeadline.Value);
        _loggers.Dispose();
    }

    private async Task<long> CountAsync(string what, string of) => (await HealthAsync()).GetProperty(what).GetProperty(of).GetInt64();

    private static void Add(Dictionary<string, string> to, string[] settings)
    {
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            to[setting[..equals]] = setting[(equals + 1)..];
        }
    }

    private static ProxyOptions Load(Dictionary<string, string> settings)
    {
        var result = ConfigurationLoader.Load(
            new ConfigurationSources { CommandLine = [.. settings], SystemFile = null, ShippedFile = null });
        Assert.True(result.Options is not null, string.Join('\n', result.Problems));
        return result.Options;
    }
}
