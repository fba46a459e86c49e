using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Enclaves;

/// <summary>A connection to an enclave: requests one after another.</summary>
internal sealed class EnclaveConnection(SimulatedEnclave enclave, Socket socket, Ledger ledger)
{
    private const string ProbePath = "/health";
    private const string RequestPrefix = "/r/";

    // At every moment some requests are under way.
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SlowWork = TimeSpan.FromSeconds(3);

    private readonly MessageReader _reader = new(socket);
    private volatile bool _isBusy;
    private volatile bool _isKilled;
    private MessageHead? _begun;

    /// <summary>Whether a request is being answered.</summary>
    public bool IsBusy => _isBusy;

    /// <summary>Serves until the connection ends.</summary>
    public async Task ServeAsync()
    {
        try
        {
            while (await _reader.ReadHeadAsync(CancellationToken.None) is { } head)
            {
                _isBusy = true;
                _begun = head;
                await _reader.ReadBodyAsync(head, untilClose: false, CancellationToken.None);
                if (_isKilled)
                {
                    // Written before the front saw the end.
                    Reset(StartOf(head));
                    return;
                }

                _begun = null;
                if (!await AnswerAsync(head))
                    return;
                _isBusy = false;
            }

            socket.Dispose();
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException or EndOfStreamException or OperationCanceledException)
        {
            // Killed, or the front has gone. What it had begun to send, it had sent.
            ledger.AddUnread(enclave.Name, (_begun is { } begun ? StartOf(begun) : "") + _reader.Unread);
            socket.Dispose();
        }
    }

    /// <summary>
    /// Ends it as the kernel does for a process that dies: with a reset when something was not read, else with an end of file,
    /// and a reset for what comes after it. What comes is noted until the front has ended its side too.
    /// </summary>
    public void Kill()
    {
        _isKilled = true;
        try
        {
            if (RawSocket.Drain(socket) is { Length: > 0 } unread)
                Reset(unread);
            else
                socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Resets it, and notes what had come and was not answered.</summary>
    private void Reset(string unread) => ledger.AddUnread(enclave.Name, unread + RawSocket.Reset(socket));

    private static string StartOf(MessageHead head) => string.Join(' ', head.StartLine);

    private async Task<bool> AnswerAsync(MessageHead head)
    {
        var path = head.StartLine[1];
        if (path == ProbePath)
            return await AnswerProbeAsync();
        if (!path.StartsWith(RequestPrefix, StringComparison.Ordinal))
            throw new InvalidDataException($"a request for {path}");

        var id = path[RequestPrefix.Length..];
        ledger.Add(enclave.Name, id, head.StartLine[0] == "POST");
        await Task.Delay(enclave.Mode == EnclaveMode.Slow ? SlowWork : Work);
        switch (enclave.Mode)
        {
            case EnclaveMode.BlackHole:
                return await SwallowAsync();
            case EnclaveMode.ResetAfterReading:
                Reset("");
                return false;
            case EnclaveMode.Errors or EnclaveMode.ErrorsOfTheApplication:
                ledger.AddError();
                await SendAsync("500 Internal Server Error", "error");
                return true;
            default:
                await SendAsync("200 OK", id);
                return true;
        }
    }

    private async Task<bool> AnswerProbeAsync()
    {
        switch (enclave.Mode)
        {
            case EnclaveMode.BlackHole:
                return await SwallowAsync();
            case EnclaveMode.Errors:
                await SendAsync("500 Internal Server Error", "error");
                return true;
            default:
                await SendAsync("200 OK", "fine");
                return true;
        }
    }

    /// <summary>Reads on, so that the connection's end is seen, and says nothing.</summary>
    private async Task<bool> SwallowAsync()
    {
        while (await _reader.ReadHeadAsync(CancellationToken.None) is not null)
        {
            // A front that sends another request before the answer to the first: none does.
        }

        socket.Dispose();
        return false;
    }

    private async Task SendAsync(string status, string body)
    {
        var answer = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nX-Enclave: {enclave.Name}\r\n"
                + $"Content-Length: {body.Length}\r\n{(enclave.IsStopping ? "Connection: close\r\n" : "")}\r\n{body}");
        await socket.SendAsync(Encoding.Latin1.GetBytes(answer));
    }
}
