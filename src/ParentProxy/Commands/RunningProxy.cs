using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ParentProxy.Admin;
using ParentProxy.Configuration;
using ParentProxy.Vsock;

namespace ParentProxy.Commands;

/// <summary>The running program with the same configuration, asked by its admin listener.</summary>
/// <param name="options">Where that is.</param>
internal sealed class RunningProxy(AdminOptions options) : IDisposable
{
    /// <summary>More than a machine without a free processor needs: what is told of one that is merely slow would mislead.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri(options.Url
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)
            .Replace("[::]", "[::1]", StringComparison.Ordinal)
            .Replace("//*", "//127.0.0.1", StringComparison.Ordinal)),
        Timeout = Patience,
    };

    /// <summary>Its egress; null when it does not run, or is no parent-proxy that has one.</summary>
    public async Task<EgressView?> EgressAsync() => (await AskAsync("/egress", AdminJson.Indented.EgressView)).Value;

    /// <summary>Its enclaves; null when it does not run.</summary>
    public async Task<EnclaveListView?> EnclavesAsync() =>
        (await AskAsync("/enclaves", AdminJson.Indented.EnclaveListView)).Value is { Enclaves: not null } list ? list : null;

    /// <summary>Its enclaves as it tells of them; null when it does not run.</summary>
    public async Task<string?> EnclavesTextAsync()
    {
        if (await EnclavesAsync() is null)
            return null;
        using var response = await _client.GetAsync(new Uri("/enclaves", UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>How it is, and where it listens.</summary>
    public async Task<RunningAnswer> HealthAsync()
    {
        var (health, failure, isForeign) = await AskAsync("/health", AdminJson.Indented.HealthView);
        if (health is { Status: not null, Enclaves: not null, Listeners: not null })
            return new RunningAnswer(options.Url, health) { Egress = await EgressAsync() };
        return new RunningAnswer(
            options.Url, null, failure ?? "what answers there is not parent-proxy", IsForeign: health is not null || isForeign);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<(T? Value, string? Failure, bool IsForeign)> AskAsync<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            // The health of one that is not well comes with 503.
            using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));
            return (await response.Content.ReadFromJsonAsync(type), null, false);
        }
        catch (HttpRequestException ex)
        {
            var errno = ex.InnerException is SocketException socket ? Errno.FromSocketError(socket.SocketErrorCode) : Errno.Unknown;
            return errno == Errno.Unknown
                ? (default, $"it gave no answer in HTTP ({ex.GetBaseException().Message.TrimEnd('.')})", true)
                : (default, $"{errno.Name} ({errno.Description})", false);
        }
        catch (Exception ex) when (ex is JsonException or NotSupportedException or IOException)
        {
            return (default, "it did not answer as parent-proxy does", true);
        }
        catch (OperationCanceledException)
        {
            return (default, $"no answer within {Patience.TotalSeconds:0} s", true);
        }
    }
}
