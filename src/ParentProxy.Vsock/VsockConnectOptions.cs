namespace ParentProxy.Vsock;

/// <summary>How <see cref="VsockClient"/> dials. Every value is checked when it is set.</summary>
public sealed record VsockConnectOptions
{
    /// <summary>The greatest <see cref="ConnectTimeout"/>: one hour.</summary>
    public static readonly TimeSpan MaxConnectTimeout = TimeSpan.FromHours(1);

    /// <summary>How long one attempt may take: more than 0, at most one hour; 2 s unless set (the kernel's own default).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan ConnectTimeout
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxConnectTimeout);
            field = value;
        }
    } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Dial with <c>VMADDR_FLAG_TO_HOST</c>: needed where <c>vhost_vsock</c> is loaded next to the transport that leads to the
    /// enclaves (<see cref="VsockHostRouting"/> tells). Linux 5.11 or newer.
    /// </summary>
    public bool ToHost { get; init; }

    /// <summary>
    /// The receive credit of the connection in bytes: 0 leaves the kernel's default (256 KiB); otherwise 128 to 1 GiB. To have an
    /// effect it must be raised on both sides.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public long BufferBytes
    {
        get;
        init => field = VsockLimits.CheckBufferBytes(value);
    }

    /// <summary>The most bytes that one write system call carries: 1 to 1 MiB; 28672 unless set.</summary>
    /// <remarks>
    /// Linux 6.17 and newer put a packet of more than about 32400 bytes into a fragmented buffer, which some virtio devices on the
    /// other side corrupt; the default stays below with a reserve.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int MaxWriteBytes
    {
        get;
        init => field = VsockLimits.CheckMaxWriteBytes(value);
    } = VsockLimits.DefaultMaxWriteBytes;

    /// <summary>The clock behind <see cref="ConnectTimeout"/> and the lingering close; the system's unless set.</summary>
    public TimeProvider TimeProvider
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(value));
    } = TimeProvider.System;
}
