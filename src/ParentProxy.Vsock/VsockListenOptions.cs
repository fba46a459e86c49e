namespace ParentProxy.Vsock;

/// <summary>How <see cref="VsockListener"/> listens. Every value is checked when it is set.</summary>
public sealed record VsockListenOptions
{
    /// <summary>
    /// How many connections may wait to be accepted: at least 1; 512 unless set; the kernel caps it at <c>net.core.somaxconn</c>.
    /// A full backlog does not queue: the dialler gets ECONNRESET.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Backlog
    {
        get;
        init => field = VsockLimits.CheckBacklog(value);
    } = VsockLimits.DefaultBacklog;

    /// <summary>
    /// The receive credit of accepted connections in bytes: 0 leaves the kernel's default (256 KiB); otherwise 128 to 1 GiB.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public long BufferBytes
    {
        get;
        init => field = VsockLimits.CheckBufferBytes(value);
    }

    /// <summary>
    /// The most bytes that one write system call carries: 1 to 1 MiB; 28672 unless set
    /// (<see cref="VsockConnectOptions.MaxWriteBytes"/> says why).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int MaxWriteBytes
    {
        get;
        init => field = VsockLimits.CheckMaxWriteBytes(value);
    } = VsockLimits.DefaultMaxWriteBytes;

    /// <summary>The clock behind the lingering close of accepted streams; the system's unless set.</summary>
    public TimeProvider TimeProvider
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(value));
    } = TimeProvider.System;
}
