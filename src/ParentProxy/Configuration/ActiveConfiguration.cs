namespace ParentProxy.Configuration;

/// <summary>The configuration in effect. Read it once per decision: it is replaced whole on reload.</summary>
internal sealed class ActiveConfiguration(ProxyOptions options)
{
    private ProxyOptions _options = options;

    /// <summary>The configuration in effect.</summary>
    public ProxyOptions Options => Volatile.Read(ref _options);

    /// <summary>Puts a validated configuration into effect.</summary>
    public void Replace(ProxyOptions options) => Volatile.Write(ref _options, options);
}
