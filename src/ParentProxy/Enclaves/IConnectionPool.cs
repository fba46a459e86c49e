using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Enclaves;

/// <summary>
/// What is kept open over an <see cref="EnclaveConnector"/> for requests to come; HTTP alone has such. Retired with it, and
/// disposed of when the last of those that held a lease has gone.
/// </summary>
internal interface IConnectionPool : IDisposable
{
    /// <summary>Whether a connection is free or may be opened; a guess, which is over as soon as it is made.</summary>
    bool HasRoom { get; }

    /// <summary>Connections that wait for something to do; 0 where that is not known.</summary>
    int Idle { get; }

    /// <summary>Connections that were upgraded; 0 where they are not told apart.</summary>
    int Tunnels { get; }

    /// <summary>Requests that wait for a connection; 0 where that is not known.</summary>
    int Queued { get; }

    /// <summary>A dial met a full accept queue and will be repeated: who can be served elsewhere need not wait for it.</summary>
    void Redispatch(DialException cause);

    /// <summary>Nothing new begins: idle connections are closed now, the others as they come back.</summary>
    void Retire();
}
