using ParentProxy.Configuration;
using ParentProxy.Enclaves;

namespace ParentProxy.Health;

/// <summary>
/// Asks over a connection that requests have left open. An application that serves one connection at a time would not see
/// another.
/// </summary>
internal interface IPooledProbe
{
    /// <summary>Sends the probe over an idle connection, if there is one.</summary>
    /// <param name="connector">The enclave, leased by the caller.</param>
    /// <param name="options">What is asked, and what counts as healthy.</param>
    /// <param name="asking">Called when there is a connection that the application serves.</param>
    /// <param name="cancellationToken">Gives up, and closes the connection.</param>
    /// <returns>The status of a healthy response. Null when there is no such connection, or the response was another.</returns>
    Task<int?> AskAsync(EnclaveConnector connector, ProbeOptions options, Action asking, CancellationToken cancellationToken);

    /// <summary>Has a connection closed that nobody needs: the application may have to be rid of one before it sees the probe's.</summary>
    /// <param name="connector">The enclave, leased by the caller.</param>
    /// <param name="isWaiting">Whether the probe still waits.</param>
    void MakeWayFor(EnclaveConnector connector, Func<bool> isWaiting);
}
