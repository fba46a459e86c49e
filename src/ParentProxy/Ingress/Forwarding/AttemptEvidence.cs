using ParentProxy.Enclaves;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>What the end of an attempt says against its enclave, whatever version of HTTP it was.</summary>
internal static class AttemptEvidence
{
    /// <summary>Reports a response of 5xx.</summary>
    public static void ReportResponse(Attempt attempt)
    {
        if (attempt.Status >= 500)
            attempt.Enclave.ReportEvidence(new Evidence(EvidenceKind.ServerError, $"it answered a request with {attempt.Status}"));
    }

    /// <summary>Reports the failure of an attempt that has failed.</summary>
    public static void ReportFailure(Attempt attempt)
    {
        var failure = attempt.Failure!;
        if (FailureTable.Of(failure.Kind).Evidence is not { } kind)
            return;

        // That an idle connection was closed is no evidence.
        if (failure.Kind == FailureKind.ConnectionTerminated && attempt is { IsReused: true, HasReceived: false })
            return;

        // An application that refuses a large body does so by closing: no client may take an enclave out with that.
        if (kind == EvidenceKind.ResponseCut && attempt is { Phase: AttemptPhase.Sending, HasSent: true })
            kind = EvidenceKind.ServerError;
        var reason = kind == EvidenceKind.Slow ? failure.Detail : $"an answer failed: {failure.Detail} ({failure.Code})";
        attempt.Enclave.ReportEvidence(new Evidence(kind, reason));
    }
}
