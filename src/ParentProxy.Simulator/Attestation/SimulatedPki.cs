using System.Security.Cryptography;

namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// The authority behind the documents of simulated enclaves: a root of its own, and the regional and zonal certificates below it, which
/// are renewed before they end. Several enclaves can share it, also in several processes, by a file. Safe to use from any thread.
/// </summary>
public sealed class SimulatedPki
{
    private readonly Lock _lock = new();
    private readonly CertifiedKey _root;
    private readonly CertificateNames _names;
    private CertifiedKey? _regional;
    private CertifiedKey? _zonal;

    private SimulatedPki(CertifiedKey root, CertificateNames names)
    {
        _root = root;
        _names = names;
    }

    /// <summary>The root's certificate in PEM, for those who are to trust it.</summary>
    public string RootPem => _root.ToCertificatePem();

    /// <summary>The SHA-256 of the root's certificate, in lower-case hex.</summary>
    public string RootSha256 => Convert.ToHexStringLower(SHA256.HashData(_root.Certificate));

    /// <summary>Makes an authority with a new root.</summary>
    /// <param name="timeProvider">The clock that the root's lifetime begins by; null: the system's.</param>
    public static SimulatedPki Create(TimeProvider? timeProvider = null) =>
        Create(CertificateNames.Create(), (timeProvider ?? TimeProvider.System).GetUtcNow());

    /// <summary>Reads the root, certificate and key, from a PEM file that <see cref="SaveAsync"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="timeProvider">The clock by which the root must not have ended; null: the system's.</param>
    /// <param name="cancellationToken">Gives up reading.</param>
    /// <exception cref="IOException">The file cannot be read, or it is no such file.</exception>
    public static async Task<SimulatedPki> LoadAsync(
        string path, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        try
        {
            var root = CertifiedKey.FromPem(await File.ReadAllTextAsync(path, cancellationToken));
            return root.NotAfter > (timeProvider ?? TimeProvider.System).GetUtcNow()
                ? new SimulatedPki(root, CertificateNames.Create())
                : throw new IOException($"{path}: the certificate ended at {root.NotAfter:u}; delete the file, and another is made");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new IOException($"{path} is no certificate and key in PEM, as simulated enclaves save them: {e.Message}", e);
        }
    }

    /// <summary>Reads the root from a file, or makes one and saves it when there is no such file yet.</summary>
    /// <param name="path">The file. Of several processes that start at once, all use the one that was there first.</param>
    /// <param name="timeProvider">The clock; null: the system's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The file can neither be read nor made, or it is no such file.</exception>
    public static async Task<SimulatedPki> LoadOrCreateAsync(
        string path, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        if (!File.Exists(path))
        {
            var made = Create(timeProvider);
            try
            {
                await made.SaveAsync(path, cancellationToken);
                return made;
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process was faster: its root is everybody's.
            }
        }

        return await LoadAsync(path, timeProvider, cancellationToken);
    }

    /// <summary>Writes the root, certificate and key, to a new file that only its owner can read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The file exists already, or cannot be written.</exception>
    public async Task SaveAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // Whole or not at all: others read it as soon as it is there.
        var draft = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        try
        {
            await using (var writer = new StreamWriter(draft, options))
                await writer.WriteAsync(_root.ToPem().AsMemory(), cancellationToken);
            File.Move(draft, path, overwrite: false);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>Who signs the certificates of instances now.</summary>
    internal CertifiedKey ZonalAt(DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_regional is null || _regional.EndsBefore(now, CertificateProfile.Zonal))
                _regional = CertifiedKey.Issue(CertificateProfile.Regional, _names.Regional, _root, now);
            if (_zonal is null || _zonal.EndsBefore(now, CertificateProfile.Instance))
                _zonal = CertifiedKey.Issue(CertificateProfile.Zonal, _names.Zonal, _regional, now);
            return _zonal;
        }
    }

    /// <summary>Another authority, of another root, with all names of this one.</summary>
    internal SimulatedPki Imitate(DateTimeOffset now) => Create(_names, now);

    private static SimulatedPki Create(CertificateNames names, DateTimeOffset now) =>
        new(CertifiedKey.Issue(CertificateProfile.Root, names.Root, issuer: null, now), names);
}
