using System.Globalization;
using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency;

/// <summary>Ours as a program in a process of its own: whichever build <c>PARENT_PROXY</c> names, a Native AOT file as well.</summary>
internal sealed class ProgramFront : IFront
{
    private readonly FrontProcess _process;
    private readonly HttpClient _admin;

    private ProgramFront(FrontProcess process, Uri admin)
    {
        _process = process;
        _admin = TestProxy.Client(admin);
    }

    /// <summary>True when this is to stand for ours, not the proxy in this process.</summary>
    public static bool IsWanted { get; } = Environment.GetEnvironmentVariable("TRANSPARENCY_PROGRAM") is { Length: > 0 };

    public Uri Uri => _process.Uri;

    public static Task<IFront> StartDirectAsync(int enclavePort) => StartAsync(ProxyFront.Direct(enclavePort));

    public static Task<IFront> StartTransformedAsync(int enclavePort) => StartAsync(ProxyFront.Transformed(enclavePort));

    /// <inheritdoc cref="ProxyFront.SettleAsync"/>
    public Task SettleAsync() => Eventually.TrueAsync(async () =>
    {
        using var json = JsonDocument.Parse(await _admin.GetStringAsync("/enclaves"));
        return json.RootElement
            .GetProperty("enclaves")
            .EnumerateArray()
            .All(e => e.GetProperty("inFlight").GetInt32() == e.GetProperty("tunnels").GetInt32());
    });

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _process.DisposeAsync();
    }

    private static async Task<IFront> StartAsync(string[] settings)
    {
        var admin = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Released()}");
        var process = await FrontProcess.StartAsync("parent-proxy", (directory, port) =>
        {
            var file = directory.File("settings.json");
            File.WriteAllText(file, "{}");
            string[] own = [
                $"Kestrel:Endpoints:Http:Url=http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}", $"Admin:Url={admin}",
                "Timeouts:DrainDelay=00:00:00", "AccessLog:Mode=off"];
            return ["run", "--config", file, .. own.Concat(settings).Select(setting => "--" + setting)];
        });
        return new ProgramFront(process, new Uri(admin));
    }
}
