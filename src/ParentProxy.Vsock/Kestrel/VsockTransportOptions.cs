namespace ParentProxy.Vsock;

/// <summary>Settings of the Kestrel transport. Every value is checked when it is set.</summary>
public sealed class VsockTransportOptions
{
    /// <inheritdoc cref="VsockListenOptions.Backlog"/>
    public int Backlog
    {
        get;
        set => field = VsockLimits.CheckBacklog(value);
    } = VsockLimits.DefaultBacklog;

    /// <inheritdoc cref="VsockListenOptions.BufferBytes"/>
    public long BufferBytes
    {
        get;
        set => field = VsockLimits.CheckBufferBytes(value);
    }

    /// <inheritdoc cref="VsockListenOptions.MaxWriteBytes"/>
    public int MaxWriteBytes
    {
        get;
        set => field = VsockLimits.CheckMaxWriteBytes(value);
    } = VsockLimits.DefaultMaxWriteBytes;

    /// <summary>How many received bytes may wait for the application before reading pauses; 1 MiB unless set; 0 is no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long MaxReadBufferSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 1024 * 1024;

    /// <summary>
    /// How many bytes the application may write ahead of the connection before its flush waits; 64 KiB unless set; 0 is no limit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long MaxWriteBufferSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 64 * 1024;
}
