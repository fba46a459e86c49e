using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Failover;

/// <summary>The attempts at one request: the one under way, and what became of those before it.</summary>
internal sealed class Attempts
{
    /// <summary>The latest attempt; null before the first, and while another enclave is being chosen.</summary>
    public Attempt? Current { get; private set; }

    /// <summary>The enclave of the latest attempt before the current one; null where that is the first.</summary>
    public Enclave? Before { get; private set; }

    /// <summary>Whether there is no attempt because the enclave that was chosen had just left the configuration.</summary>
    public bool EnclaveHadLeft { get; private set; }

    /// <summary>How many were begun.</summary>
    public int Count { get; private set; }

    /// <summary>How often bytes of the request went out; the attempt under way is not among them yet.</summary>
    public int Sent { get; private set; }

    /// <summary>Those that another one followed; null when there are none.</summary>
    public List<FailedAttempt>? Failed { get; private set; }

    /// <summary>The enclave that last had the request, or null when none did.</summary>
    public Enclave? Reached { get; private set; }

    /// <summary>How long the request had no connection; null while it has had none.</summary>
    public TimeSpan? QueueTime { get; private set; }

    /// <summary>How much longer it had none because one was dialled for it; zero where that is not known.</summary>
    public TimeSpan ConnectTime { get; private set; }

    /// <summary>From the connection to the head of the enclave's response; null without one.</summary>
    public TimeSpan? FirstByteTime { get; private set; }

    /// <summary>An enclave is about to be chosen.</summary>
    public void Prepare()
    {
        Before = Current?.Enclave ?? Before;
        Current = null;
        EnclaveHadLeft = false;
    }

    /// <summary>The enclave that was chosen has just left: there is no attempt.</summary>
    public void NoteEnclaveHadLeft() => EnclaveHadLeft = true;

    /// <summary>An attempt begins, and its span.</summary>
    public void Begin(Attempt attempt)
    {
        Current = attempt;
        Count++;
        attempt.Span = RequestSpans.Begin(attempt);
    }

    /// <summary>An enclave has the request.</summary>
    /// <param name="enclave">The enclave.</param>
    /// <param name="waited">Since the arrival.</param>
    /// <param name="dial">For how long of this a connection was dialled for it.</param>
    public void Connected(Enclave enclave, TimeSpan waited, TimeSpan dial)
    {
        Reached = enclave;
        if (QueueTime is not null)
            return;
        ConnectTime = dial < waited ? dial : waited;
        QueueTime = waited - ConnectTime;
    }

    /// <summary>An enclave may have seen the request, which went over a connection that nobody knows.</summary>
    public void NoteReached(Enclave enclave) => Reached = enclave;

    /// <summary>The head of a response came so long after there was a connection.</summary>
    public void HeadReceived(TimeSpan afterConnection) => FirstByteTime = afterConnection;

    /// <summary>Bytes of the request went out in an attempt that is over.</summary>
    public void NoteSent() => Sent++;

    /// <summary>Notes an attempt that another one follows.</summary>
    public void NoteFailed(RetryReason reason, string enclave, string code)
    {
        Failed ??= [];

        // A request that waits for an enclave to come back is redispatched many times.
        if (Failed is [.., var last] && last.Reason == reason && last.Enclave == enclave && last.Code == code)
            Failed[^1] = last with { Times = last.Times + 1 };
        else
            Failed.Add(new FailedAttempt(reason, enclave, code, 1));
    }
}
