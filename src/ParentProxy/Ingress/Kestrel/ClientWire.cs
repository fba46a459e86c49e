using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ParentProxy.Http1;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// The connection below a request, for what Kestrel has no words for: chunks in every form, interim responses, a 205 with
/// content, and a tunnel in which the client ends its direction first. A feature of every connection that a public listener
/// accepted.
/// </summary>
internal sealed class ClientWire(ClientConnection connection)
{
    private const string Continue = "100-continue";

    /// <summary>The wire of a request, or null when the connection is shared by several, as in HTTP/2.</summary>
    public static ClientWire? Of(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol)
            ? context.Features.Get<ClientWire>()
            : null;

    /// <summary>
    /// Takes <c>Expect: 100-continue</c> out of a request, so that Kestrel does not promise on its own what the enclave has
    /// not promised, nor writes while an interim response is written.
    /// </summary>
    /// <returns>Whether the client waits for a 100 before it sends its body.</returns>
    public static bool TakeExpectation(HttpContext context) =>
        ExpectsContinue(context.Request) && context.Request.Headers.Remove(HeaderNames.Expect);

    /// <summary>Whether the client waits for a 100, and the expectation was not taken yet.</summary>
    public static bool ExpectsContinue(HttpRequest request) =>
        HttpProtocol.IsHttp11(request.Protocol) && string.Equals(request.Headers.Expect, Continue, StringComparison.OrdinalIgnoreCase);

    /// <summary>The request has chunks, of which nothing was read yet: they are read as <see cref="RequestInput"/> has it.</summary>
    public void BeginChunks() => connection.BeginChunks();

    /// <summary>
    /// Sends an interim response at once. Kestrel writes nothing before the response starts, once
    /// <see cref="TakeExpectation"/> was called; the caller starts the response only after this has returned.
    /// </summary>
    /// <param name="context">The request, on this connection.</param>
    /// <param name="status">100–199, but not 101.</param>
    /// <param name="reason">The reason phrase; may be empty.</param>
    /// <param name="fields">Valid fields; those that concern the connection were removed.</param>
    /// <param name="cancellationToken">Ends the wait for a client that does not read.</param>
    /// <returns>False when this client can be sent none: it speaks HTTP/1.0, or has the head of its response already.</returns>
    public async ValueTask<bool> TrySendInterimAsync(
        HttpContext context, int status, string reason, IReadOnlyList<FieldLine> fields, CancellationToken cancellationToken)
    {
        if (context.Response.HasStarted || !HttpProtocol.IsHttp11(context.Request.Protocol))
            return false;

        // Asked for each time: with TLS it is another than the one that was accepted.
        var output = connection.Transport.Output;
        Write(output, "HTTP/1.1 ");
        Write(output, status.ToString(CultureInfo.InvariantCulture));
        Write(output, " ");
        Write(output, reason);
        Write(output, "\r\n");
        for (var i = 0; i < fields.Count; i++)
        {
            Write(output, fields[i].Name);
            Write(output, ": ");
            Write(output, fields[i].Value);
            Write(output, "\r\n");
        }

        Write(output, "\r\n");
        await output.FlushAsync(cancellationToken);
        return true;
    }

    /// <inheritdoc cref="StatusPatch.ExpectHead"/>
    public void ExpectHead() => connection.ExpectHead();

    /// <summary>
    /// Makes the connection a tunnel, before the 101 is sent: that the client ends its direction is read from the upgraded
    /// stream as its end and closes nothing; what is written still arrives. When the client is gone altogether the request
    /// is aborted as ever.
    /// </summary>
    public void BeginTunnel() => connection.BeginTunnel();

    /// <summary>Sends what was written, without waiting for it: the end of the connection does.</summary>
    public void Flush()
    {
        var flushing = connection.Transport.Output.FlushAsync();
        if (!flushing.IsCompletedSuccessfully)
            _ = IgnoreAsync(flushing);
    }

    /// <summary>
    /// Ends our direction of a tunnel, once everything that was flushed is sent; false where it cannot be ended alone (TLS).
    /// </summary>
    public bool TryShutdownSend() => connection.TryShutdownSend();

    private static async Task IgnoreAsync(ValueTask<FlushResult> flushing)
    {
        try
        {
            await flushing;
        }
        catch (Exception ex) when (ex is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client is gone, and does not need it any more.
        }
    }

    private static void Write(PipeWriter output, string latin1)
    {
        var span = output.GetSpan(latin1.Length);
        output.Advance(Encoding.Latin1.GetBytes(latin1, span));
    }
}
