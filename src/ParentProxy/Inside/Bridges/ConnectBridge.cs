using System.Buffers;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Http1;

namespace ParentProxy.Inside.Bridges;

/// <summary>
/// The parent's HTTP proxy for programs that know one. They speak HTTP, so that they can be told when the parent is not reached.
/// </summary>
/// <param name="options">The section <c>Enclave:Connect</c>.</param>
/// <param name="context">What bridges share.</param>
internal sealed class ConnectBridge(InsideConnectOptions options, BridgeContext context)
    : Bridge(options.Listen, options.To, "Enclave:Connect:Listen", options.Listen.Text, context)
{
    private const int RequestBytes = 4096;

    /// <inheritdoc/>
    public override async Task TellAsync(BridgeConnection connection, DialException failure, CancellationToken cut)
    {
        using var patience = new CancellationTokenSource(Context.Options.ConnectTimeout, Context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cut, patience.Token);
        using (var front = connection.Borrow())
        {
            // An answer to no request is an error to some clients. What the request says makes no difference.
            var buffer = ArrayPool<byte>.Shared.Rent(RequestBytes);
            try
            {
                if (await front.Socket.ReceiveAsync(buffer, both.Token) == 0)
                    return;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            await front.Socket.WriteAsync(Answer(failure), both.Token);
        }

        await connection.CloseDeliveredAsync();
    }

    private byte[] Answer(DialException failure)
    {
        var isLate = BridgeResults.Of(failure.Code) == BridgeResult.Timeout;
        var phrase = isLate
            ? $"Gateway Timeout: the parent's HTTP proxy at {To} did not answer"
            : $"Bad Gateway: the parent's HTTP proxy at {To} was not reached ({failure.Code})";
        var detail = $"Inside the enclave: dialling the parent's HTTP proxy at {To}: {failure.Code}, "
            + BridgeAdvice.For(failure, LeadsInside);
        return ProblemAnswer.Write(isLate ? 504 : 502, phrase, detail, closes: true);
    }
}
