namespace ParentProxy.Simulator.Attestation;

/// <summary>The files by which processes share an authority and others come to trust it.</summary>
internal sealed record AttestationFiles(string? Pki, string? Root)
{
    /// <summary>Loads the authority, or makes one, and writes its root to where others read it.</summary>
    public async Task<SimulatedPki> PrepareAsync(TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var pki = Pki is null
            ? SimulatedPki.Create(timeProvider)
            : await SimulatedPki.LoadOrCreateAsync(Pki, timeProvider, cancellationToken);
        if (Root is not null)
            await File.WriteAllTextAsync(Root, pki.RootPem, cancellationToken);
        return pki;
    }
}
