namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// The certificates that belong to one module: its instance's and its own, which is used for almost three hours and then replaced, while
/// the module's id stays. Safe to use from any thread.
/// </summary>
internal sealed class EnclaveCertificates(SimulatedPki pki, string instanceId, string moduleId)
{
    private static readonly TimeSpan RotationLead = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private CertifiedKey? _instance;
    private CertifiedKey? _leaf;

    /// <summary>The key that signs now.</summary>
    public CertifiedKey LeafAt(DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_leaf is null || now >= _leaf.NotAfter - RotationLead)
                _leaf = Issue(InstanceAt(now), now);
            return _leaf;
        }
    }

    /// <summary>A key whose certificate ended an hour ago, while all above it are valid.</summary>
    public CertifiedKey ExpiredLeafAt(DateTimeOffset now)
    {
        lock (_lock)
            return Issue(InstanceAt(now), now - CertificateProfile.Leaf.Lifetime - TimeSpan.FromHours(1));
    }

    private CertifiedKey InstanceAt(DateTimeOffset now)
    {
        if (_instance is null || _instance.EndsBefore(now, CertificateProfile.Leaf))
        {
            _instance = CertifiedKey.Issue(
                CertificateProfile.Instance, CertificateNames.Instance(instanceId), pki.ZonalAt(now), now);
        }

        return _instance;
    }

    private CertifiedKey Issue(CertifiedKey instance, DateTimeOffset now) =>
        CertifiedKey.Issue(CertificateProfile.Leaf, CertificateNames.Leaf(moduleId), instance, now);
}
