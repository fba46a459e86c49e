using System.Globalization;
using System.Text.Json;
using ParentProxy.Endpoints;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Commands.Attest;

/// <summary>Shows what a server of JSON lines says of itself, which is its word alone.</summary>
/// <param name="output">Where it is written.</param>
/// <param name="endpoint">Where it answered.</param>
/// <param name="isJson">Whether it is written as JSON.</param>
internal sealed class ServerReport(TextWriter output, EnclaveEndpoint endpoint, bool isJson)
{
    /// <summary>In seconds. Nothing runs for 31 years: servers are known that tell the time of day as their uptime.</summary>
    private const double EarliestClock = 1_000_000_000;

    /// <summary>Says that it answers.</summary>
    public Task PongAsync(TimeSpan latency) => output.WriteLineAsync(isJson
        ? AttestJson.Write(json =>
        {
            json.WriteBoolean("success", true);
            json.WriteString("endpoint", endpoint.ToString());
            json.WriteNumber("latency_ms", Math.Round(latency.TotalMilliseconds, 3));
        })
        : string.Create(CultureInfo.InvariantCulture, $"Pong! {endpoint} answered within {latency.TotalMilliseconds:0.###} ms."));

    /// <summary>Says what its answer to <c>status</c> does.</summary>
    public async Task StatusAsync(JsonElement answer)
    {
        var status = JsonAnswer.Words(answer, "status");
        var port = Number(answer, "port");
        var uptime = Number(answer, "uptime");
        var clock = uptime is { } seconds and >= EarliestClock and < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000)).UtcDateTime.ToString(
                "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : null;
        if (clock is not null)
            uptime = null;
        if (isJson)
        {
            await output.WriteLineAsync(AttestJson.Write(json =>
            {
                json.WriteBoolean("success", true);
                json.WriteString("endpoint", endpoint.ToString());
                json.WriteString("status", status);
                Write(json, "port", port);
                Write(json, "uptime", uptime);
                json.WriteString("clock", clock);
            }));
            return;
        }

        await output.WriteLineAsync($"{endpoint} says of itself");
        await output.WriteLineAsync($"  status  {status ?? "nothing"}");
        if (port is not null)
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  port    {port}"));
        if (uptime is not null)
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  uptime  {uptime:0} s"));
        if (clock is not null)
            await output.WriteLineAsync($"  clock   {clock} (what it calls its uptime is the time of day)");
    }

    private static double? Number(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out var number)
        && double.IsFinite(number)
            ? number
            : null;

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
