using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary><c>/ws</c>: sends every message back, with its type and its fragments, and completes the closing handshake.</summary>
internal static class WebSocketRoute
{
    private const int BufferBytes = 16 * 1024;

    // Any method: over HTTP/2 a WebSocket begins with an extended CONNECT.
    public static void Map(IEndpointRouteBuilder routes, EnclaveState state) => routes.Map("/ws", context => EchoAsync(context, state));

    private static async Task EchoAsync(HttpContext context, EnclaveState state)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            throw new BadHttpRequestException("/ws: a WebSocket");

        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, state.Stopping);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
        try
        {
            await EchoAsync(socket, either.Token);
        }
        catch (WebSocketException)
        {
            // The peer left without the closing handshake, or broke the protocol: there is nobody to tell.
            context.Abort();
        }
    }

    private static async Task EchoAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
                break;
            await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, cancellationToken);
        }

        // A close frame without a status is answered without one.
        var status = socket.CloseStatus ?? WebSocketCloseStatus.Empty;
        var description = status == WebSocketCloseStatus.Empty ? null : socket.CloseStatusDescription;
        await socket.CloseOutputAsync(status, description, cancellationToken);
    }
}
