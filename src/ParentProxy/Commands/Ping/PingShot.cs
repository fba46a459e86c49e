namespace ParentProxy.Commands.Ping;

/// <summary>One attempt at one enclave.</summary>
/// <param name="Enclave">The Id, or the endpoint where that is all that is known.</param>
/// <param name="Endpoint">What was dialled.</param>
/// <param name="Sequence">Which one, from 1.</param>
/// <param name="Ok">Whether it was answered as it is to be.</param>
/// <param name="DialMs">How long the connection took; null where none came about.</param>
/// <param name="TotalMs">How long everything took.</param>
/// <param name="Status">The HTTP status; null where there was none.</param>
/// <param name="Error">What went wrong by its name, an errno where it has one; null when nothing did.</param>
/// <param name="Detail">What happened, as a sentence.</param>
internal sealed record PingShot(
    string Enclave,
    string Endpoint,
    int Sequence,
    bool Ok,
    double? DialMs,
    double TotalMs,
    int? Status,
    string? Error,
    string Detail);
