using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Inside.Bridges;

/// <summary>What to do about a dial that failed, as it is seen from inside an enclave.</summary>
internal static class BridgeAdvice
{
    /// <summary>What happened, and what to do, in whole sentences.</summary>
    /// <param name="failure">The dial.</param>
    /// <param name="leadsInside">Whether a program inside was dialled, and not the parent.</param>
    public static string For(DialException failure, bool leadsInside)
    {
        var advice = (failure.Code, leadsInside) switch
        {
            ("EMFILE" or "ENFILE", _) => "Raise the number of open files (ulimit -n), or lower Enclave:MaxConnections.",
            ("ENODEV" or "EAFNOSUPPORT", false) => "Has this enclave's kernel a vsock device? See 'ls -l /dev/vsock' inside.",
            (DialException.Timeout or "ETIMEDOUT", false) => "Does the parent instance answer at all? Its CID is 3.",
            (_, false) => "Does parent-proxy run on the parent, and does a listener of its section Egress have this port?",
            (DialException.Timeout, true) => "The application takes no connections; Enclave:ConnectTimeout sets the time.",
            ("EACCES", true) =>
                "Give the user of this program write permission on the socket's file, and search permission on its folders.",
            _ => failure.Hint,
        };
        return $"{failure.Meaning}. {advice}";
    }
}
