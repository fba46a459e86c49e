using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Inside.Bridges;

/// <summary>
/// An address, and where its connections are carried to: as such just bytes, as <c>Enclave:Forwards</c> are. What else there is to do
/// before bytes are carried, others add.
/// </summary>
internal class Bridge
{
    private readonly BackoffDialer _dialer;

    /// <summary>Makes one; nothing listens yet.</summary>
    /// <param name="listen">The address.</param>
    /// <param name="to">Where its connections go.</param>
    /// <param name="setting">The setting that has the address.</param>
    /// <param name="label">The label <c>listener</c> of what is counted.</param>
    /// <param name="context">What bridges share.</param>
    public Bridge(InsideAddress listen, EnclaveEndpoint to, string setting, string label, BridgeContext context)
    {
        Context = context;
        Listen = listen;
        To = to;
        Setting = setting;
        Counts = context.Instruments.Of(label);
        _dialer = new BackoffDialer(context.Dialer, to, static () => false, context.Time) { Patience = Patience(to) };
    }

    public BridgeContext Context { get; }

    public InsideAddress Listen { get; }

    /// <summary>Where its connections go.</summary>
    public EnclaveEndpoint To { get; }

    /// <summary>The setting that has the address.</summary>
    public string Setting { get; }

    public BridgeCounts Counts { get; }

    /// <summary>Whether connections come from the parent, and go to a program inside.</summary>
    public virtual bool LeadsInside => false;

    /// <summary>Begins with a connection that was accepted.</summary>
    /// <returns>What the other side gets first; null for nothing.</returns>
    /// <exception cref="BridgeException">It is to be closed.</exception>
    public virtual ValueTask<byte[]?> BeginAsync(BridgeConnection connection, CancellationToken cut) => default;

    /// <summary>Dials the other side; what may be a full accept queue is dialled again.</summary>
    /// <exception cref="DialException">No connection came about.</exception>
    public Task<EnclaveStream> DialAsync(CancellationToken cut) =>
        _dialer.DialAsync(Context.Options.ConnectTimeout, isPatient: true, cut);

    /// <summary>Agrees with the other side on what is carried.</summary>
    /// <exception cref="BridgeException">It does not agree.</exception>
    public virtual ValueTask AgreeAsync(BridgeConnection connection, EnclaveStream other, CancellationToken cut) => default;

    /// <summary>Tells who has connected that the other side was not reached, where there is a way to.</summary>
    public virtual Task TellAsync(BridgeConnection connection, DialException failure, CancellationToken cut) => Task.CompletedTask;

    /// <inheritdoc/>
    public override string ToString() => $"{Listen}, to {To}";

    /// <summary>
    /// A program's full accept queue is waited for as long as it may be: its kernel says that it is full, and not that nobody listens. Of
    /// a vsock's reset nobody knows.
    /// </summary>
    private TimeSpan Patience(EnclaveEndpoint to) =>
        to.Transport == EnclaveTransport.Unix ? Context.Options.ConnectTimeout * 0.9 : BackoffDialer.UsualPatience;
}
