using System.Globalization;
using System.Text;

namespace ParentProxy.Tests.Transparency;

/// <summary>
/// Fronts are kept from case to case: a case costs milliseconds then. Each case begins without a connection to the
/// enclave; a front that does not let go of them, or that failed a case, is started anew.
/// </summary>
public sealed class WireFixture : IAsyncLifetime
{
    private static readonly Dictionary<string, Func<int, Task<IFront>>> Kinds = new()
    {
        ["direct"] = ProgramFront.IsWanted ? ProgramFront.StartDirectAsync : ProxyFront.StartDirectAsync,
        ["transformed"] = ProgramFront.IsWanted ? ProgramFront.StartTransformedAsync : ProxyFront.StartTransformedAsync,
        ["nginx"] = PeerFront.StartNginxAsync,
        ["haproxy"] = PeerFront.StartHAProxyAsync,
    };

    private readonly Dictionary<string, (IFront Front, EnclaveListener Enclaves)> _fronts = [];

    /// <summary>The fronts that the cases are run against.</summary>
    public static IReadOnlyList<string> Fronts { get; } =
        Environment.GetEnvironmentVariable("TRANSPARENCY_FRONT") is { Length: > 0 } peer ? [peer] : ["direct", "transformed"];

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var kind in _fronts.Keys.ToList())
            await StopAsync(kind);
    }

    internal async Task RunAsync(string kind, WireCase @case)
    {
        if (!_fronts.TryGetValue(kind, out var pair))
        {
            var listener = EnclaveListener.Start();
            _fronts[kind] = pair = (await Kinds[kind](listener.Port), listener);
        }

        var (front, enclaves) = pair;
        Exception? failure = null;
        try
        {
            await using var run = new WireRun(front, enclaves);
            await @case.Script(run);
        }
        catch (Exception ex)
        {
            failure = ex;
        }

        await front.SettleAsync();
        if (!await enclaves.EndConnectionsAsync() || failure is not null)
            await StopAsync(kind);

        await RecordAsync(kind, @case, failure);
        Judge(kind, @case, failure);
    }

    private async Task StopAsync(string kind)
    {
        _fronts.Remove(kind, out var pair);
        await pair.Front.DisposeAsync();
        await pair.Enclaves.DisposeAsync();
    }

    private static void Judge(string kind, WireCase @case, Exception? failure)
    {
        var mayDiffer = @case.Reason is not null && kind is "direct" or "transformed";
        if (failure is not null && !mayDiffer)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        Assert.True(failure is not null || !mayDiffer, $"the case passes: its reason to differ is void ({@case.Reason})");
    }

    /// <summary>A line per case, for the table of differences.</summary>
    private static async Task RecordAsync(string kind, WireCase @case, Exception? failure)
    {
        if (Environment.GetEnvironmentVariable("TRANSPARENCY_RESULTS") is not { Length: > 0 } path)
            return;
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{kind}\t{Plain(@case.Name)}\t{(failure is null ? "ok" : Plain(Message(failure)))}\t{@case.Reason}\n");
        await File.AppendAllTextAsync(path, line);
    }

    private static string Message(Exception failure)
    {
        if (failure is OperationCanceledException)
            return "nothing came";
        var message = string.Join(' ', failure.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        return message.Length > 120 ? message[..120] + "…" : message;
    }

    /// <summary>In printable ASCII.</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder();
        foreach (var c in text)
            plain.Append(c is >= ' ' and < '\x7f' ? c.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"));
        return plain.ToString();
    }
}
