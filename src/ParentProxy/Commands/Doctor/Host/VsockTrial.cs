using ParentProxy.Vsock;

namespace ParentProxy.Commands.Doctor.Host;

/// <summary>Tries what can be tried of vsock without anybody else taking part: connections of this machine to itself.</summary>
internal static class VsockTrial
{
    /// <summary>In bytes; with any fault of the kernel's some of them do not arrive.</summary>
    public const int LargeBytes = 1024 * 1024;

    /// <summary>What is sent while nobody reads: some 130 KiB, which a receiver of the default size has room for.</summary>
    public const int SmallWrites = 1024;

    /// <summary>The smallest write that the kernel does not merge with the one before it.</summary>
    public const int SmallBytes = 129;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>The error of socket(2); null for none.</summary>
    public static Errno? Open()
    {
        try
        {
            VsockSocket.Create(new VsockEndPoint(VsockCid.Any, VsockEndPoint.AnyPort)).Dispose();
            return null;
        }
        catch (VsockException ex)
        {
            return ex.Errno;
        }
    }

    /// <summary>Sends in writes as large as the library lets; null when everything came as it was sent.</summary>
    public static Task<string?> LargeWritesAsync(CancellationToken cancellationToken) =>
        SendAsync(LargeBytes, LargeBytes, isPaused: false, cancellationToken);

    /// <summary>Sends in small writes while nobody reads; null when everything came as it was sent.</summary>
    public static Task<string?> SmallWritesAsync(CancellationToken cancellationToken) =>
        SendAsync(SmallWrites * SmallBytes, SmallBytes, isPaused: true, cancellationToken);

    /// <summary>Bytes that show where one is lost, doubled or moved: 251 is prime.</summary>
    public static byte[] Pattern(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i % 251))];

    /// <summary>Where what came differs from what was sent; null when it does not.</summary>
    public static string? Difference(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> came)
    {
        var same = sent.CommonPrefixLength(came);
        if (same == sent.Length && same == came.Length)
            return null;
        return same == came.Length || same == sent.Length
            ? $"{came.Length} of {sent.Length} bytes came"
            : $"byte {same} of {sent.Length} is not the one that was sent";
    }

    private static async Task<string?> SendAsync(int bytes, int write, bool isPaused, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        var sent = Pattern(bytes);
        try
        {
            await using var listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
            var accepting = listener.AcceptAsync(deadline.Token);
            await using var sender = await VsockClient.ConnectAsync(
                listener.LocalEndPoint,
                new VsockConnectOptions { MaxWriteBytes = write },
                deadline.Token);
            await using var receiver = (await accepting)!;
            var sending = WriteAsync(sender, sent, write, deadline.Token);
            if (isPaused)
                await sending;
            var came = new MemoryStream();
            var reading = receiver.CopyToAsync(came, deadline.Token);
            await sending;
            await reading;
            return Difference(sent, came.ToArray());
        }
        catch (Exception ex) when (ex is IOException or VsockException)
        {
            return (ex as VsockException ?? ex.InnerException as VsockException) is { } vsock
                ? $"{vsock.Errno.Name} ({vsock.Meaning})"
                : ex.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"not all of {bytes} bytes had come after {Patience.TotalSeconds:0} s";
        }
    }

    private static async Task WriteAsync(VsockStream stream, byte[] bytes, int write, CancellationToken cancellationToken)
    {
        for (var i = 0; i < bytes.Length; i += write)
            await stream.WriteAsync(bytes.AsMemory(i, Math.Min(write, bytes.Length - i)), cancellationToken);
        stream.ShutdownSend();
    }
}
