namespace ParentProxy.Attestation.Certificates;

/// <summary>From when until when the certificates of a chain are valid.</summary>
/// <param name="certificates">
/// Each: which one it is, for messages, and in UTC its first second and its last, which is one too late for OpenSSL.
/// </param>
internal sealed class Validity(IReadOnlyList<(string Place, DateTime From, DateTime Until)> certificates)
{
    /// <summary>When the last of them begins to be valid.</summary>
    public DateTime Begin => certificates.Max(certificate => certificate.From);

    /// <summary>Checks that all of them are valid at a time.</summary>
    /// <param name="now">The time.</param>
    /// <param name="skew">How far the clock may be behind.</param>
    /// <exception cref="AttestationException">One is not.</exception>
    public void Check(DateTimeOffset now, TimeSpan skew)
    {
        foreach (var (place, from, until) in certificates)
        {
            // Both are any dates at all: a difference has room for them, a sum may not.
            if (from - now.UtcDateTime > skew || until <= now.UtcDateTime)
            {
                throw new AttestationException(
                    AttestationReason.Validity, $"{place} is valid from {from:u} until {until:u}, and the time is {now.UtcDateTime:u}");
            }
        }
    }
}
