using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ParentProxy.Endpoints;
using ParentProxy.Http1;

namespace ParentProxy.Inside.Bridges;

/// <summary>Asks an HTTP proxy for a destination (RFC 9110 §9.3.6).</summary>
internal static class ConnectRequest
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>What is read of the body of a refusal.</summary>
    private const int MaxBodyBytes = 4 * 1024;

    /// <summary>What is told of a phrase, or of a detail.</summary>
    private const int MaxTold = 300;

    private static readonly Http1Limits Limits = new() { MaxHeadBytes = 8 * 1024 };

    /// <summary>Sends the request and reads the answer's head.</summary>
    /// <param name="proxy">The connection to the proxy, over which bytes are carried from then on.</param>
    /// <param name="destination">What is asked for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What came behind the head already.</returns>
    /// <exception cref="BridgeException">The proxy refused, or it is none.</exception>
    public static async ValueTask<byte[]> SendAsync(Stream proxy, Destination destination, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await proxy.WriteAsync(
                Encoding.ASCII.GetBytes($"CONNECT {destination} HTTP/1.1\r\nHost: {destination}\r\n\r\n"), cancellationToken);
            return await ReadAnswerAsync(proxy, buffer, cancellationToken);
        }
        catch (InvalidResponseException ex)
        {
            throw Failed("malformed", $"gave an answer that is not of HTTP: {ex.Message}");
        }
        catch (IOException ex)
        {
            throw Failed("broken", $"broke the connection in the place of an answer: {ex.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask<byte[]> ReadAnswerAsync(Stream proxy, byte[] buffer, CancellationToken cancellationToken)
    {
        var parser = new ResponseHeadParser(Limits);
        var (start, end) = (0, 0);
        while (true)
        {
            if (!parser.TryParse(buffer.AsSpan(start, end - start), out var consumed))
            {
                // A head is half of the buffer at most.
                if (end == buffer.Length)
                {
                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                    (start, end) = (0, end - start);
                }

                var count = await proxy.ReadAsync(buffer.AsMemory(end), cancellationToken);
                if (count == 0)
                    throw Failed("closed", "closed the connection in the place of an answer.");
                end += count;
                continue;
            }

            start += consumed;
            var head = parser.Head;
            if (head.Status is >= 200 and < 300)
                return buffer[start..end];
            if (!head.IsInterim)
            {
                var detail = await ReadDetailAsync(proxy, buffer, start, end, head.ContentLength ?? 0, cancellationToken);
                var code = head.Status.ToString(CultureInfo.InvariantCulture);
                var told = $"the parent's HTTP proxy answered {code} {Told(head.Reason)}. {Told(detail)}";
                throw new BridgeException(BridgeResult.Denied, code, told.TrimEnd());
            }

            parser.Reset();
        }
    }

    /// <summary>What the body of a refusal says; empty when it says nothing that is understood.</summary>
    private static async ValueTask<string> ReadDetailAsync(
        Stream proxy, byte[] buffer, int start, int end, long length, CancellationToken cancellationToken)
    {
        if (length is 0 or > MaxBodyBytes)
            return "";
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        var have = end - start;
        while (have < length)
        {
            var count = await proxy.ReadAsync(buffer.AsMemory(have), cancellationToken);
            if (count == 0)
                return "";
            have += count;
        }

        try
        {
            using var json = JsonDocument.Parse(buffer.AsMemory(0, (int)length));
            return json.RootElement is { ValueKind: JsonValueKind.Object } problem
                && problem.TryGetProperty("detail"u8, out var detail)
                && detail.ValueKind == JsonValueKind.String
                ? detail.GetString()!
                : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private static string Told(string text) => string.Create(Math.Min(text.Length, MaxTold), text, static (told, text) =>
    {
        for (var i = 0; i < told.Length; i++)
            told[i] = char.IsControl(text[i]) ? '?' : text[i];
    });

    private static BridgeException Failed(string code, string what) => new(BridgeResult.Error, code, $"the parent's HTTP proxy {what}");
}
