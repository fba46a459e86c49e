using System.Net.Http.Json;
using System.Text.Json;
using ParentProxy.Admin;
using ParentProxy.Configuration;

namespace ParentProxy.Commands;

/// <summary>The program that runs with the same configuration, asked by its admin listener.</summary>
/// <param name="options">Where that is.</param>
internal sealed class RunningProxy(AdminOptions options) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri(options.Url
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)
            .Replace("[::]", "[::1]", StringComparison.Ordinal)
            .Replace("//*", "//127.0.0.1", StringComparison.Ordinal)),
        Timeout = TimeSpan.FromSeconds(5),
    };

    /// <summary>Its egress; null when it does not run, or is no parent-proxy that has one.</summary>
    public async Task<EgressView?> EgressAsync()
    {
        try
        {
            return await _client.GetFromJsonAsync("/egress", AdminJson.Indented.EgressView);
        }
        catch (Exception ex) when (ex is HttpRequestException or JsonException or OperationCanceledException or NotSupportedException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
