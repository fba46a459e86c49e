using System.Collections.Immutable;

namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// The security module of a simulated enclave: makes attestation documents as a real one does, or with a fault. Everything can be
/// changed while it runs. Safe to use from any thread.
/// </summary>
public sealed class SimulatedAttester
{
    private const string RoleOfParent = "arn:aws:iam::000000000000:role/not-a-role";
    private static readonly TimeSpan Staleness = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly TimeProvider _timeProvider;
    private readonly string _instanceId;
    private readonly EnclaveCertificates _certificates;
    private readonly Lazy<EnclaveCertificates> _imitation;
    private readonly Lazy<EnclaveCertificates> _tpm;
    private readonly string _tpmModuleId;
    private PlatformRegisters _registers;
    private SignedAttestation? _first;
    private int _fault;
    private long _slowPauseTicks = TimeSpan.FromMilliseconds(10).Ticks;
    private long _documents;

    /// <summary>Makes one that is asked directly; an enclave makes its own from <see cref="SimulatorOptions.Attestation"/>.</summary>
    /// <param name="options">What it is to be; where it listens is of no concern here.</param>
    /// <param name="timeProvider">The clock; null: the system's.</param>
    /// <exception cref="ArgumentException">The options are wrong; the message names all mistakes.</exception>
    public SimulatedAttester(AttesterOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        timeProvider ??= TimeProvider.System;
        var errors = new List<string>();
        options.Validate(errors);
        if (errors.Count > 0)
            throw new ArgumentException(string.Join("; ", errors));

        _timeProvider = timeProvider;
        ModuleId = options.ModuleId;
        Pki = options.Pki ?? SimulatedPki.Create(timeProvider);
        _instanceId = ModuleId.Split("-enc")[0];
        _tpmModuleId = $"{_instanceId}-tpm0000000000000000";
        _certificates = new EnclaveCertificates(Pki, _instanceId, ModuleId);
        _imitation = new(() => new EnclaveCertificates(Pki.Imitate(timeProvider.GetUtcNow()), _instanceId, ModuleId));
        _tpm = new(() => new EnclaveCertificates(Pki, _instanceId, _tpmModuleId));
        var parent = ImmutableDictionary<int, string>.Empty.Add(3, RoleOfParent).Add(4, _instanceId);
        _registers = new PlatformRegisters(options.Image, options.DebugImage, parent);
    }

    /// <summary>The id in its documents.</summary>
    public string ModuleId { get; }

    /// <summary>Who certifies its keys.</summary>
    public SimulatedPki Pki { get; }

    /// <summary>The name of the image, which PCR0, 1 and 2 stand for.</summary>
    public string Image
    {
        get => Volatile.Read(ref _registers).Image;
        set
        {
            if (!AttesterOptions.IsImage(value))
                throw new ArgumentException($"image '{value}': {AttesterOptions.ImageForm}");
            lock (_lock)
                _registers = _registers with { Image = value };
        }
    }

    /// <summary>Whether it attests as in debug mode: PCR0, 1, 2 and 8 are zero, and 3 and 4 are not.</summary>
    public bool Debug
    {
        get => Volatile.Read(ref _registers).Debug;
        set
        {
            lock (_lock)
                _registers = _registers with { Debug = value };
        }
    }

    /// <summary>What it does wrong from the next answer on.</summary>
    public AttestationFault Fault
    {
        get => (AttestationFault)Volatile.Read(ref _fault);
        set => Volatile.Write(ref _fault, (int)value);
    }

    /// <summary>The pause between two bytes of <see cref="AttestationFault.Slow"/>; at first 10 ms.</summary>
    public TimeSpan SlowPause
    {
        get => new(Volatile.Read(ref _slowPauseTicks));
        set
        {
            if (!WaitRange.Contains(value))
                throw new ArgumentException($"pause {value.TotalMilliseconds} ms: 0 to {WaitRange.MaxMilliseconds}");
            Volatile.Write(ref _slowPauseTicks, value.Ticks);
        }
    }

    /// <summary>How many documents were made, good and bad.</summary>
    public long Documents => Volatile.Read(ref _documents);

    /// <summary>
    /// The registers in lower-case hex, by number, as a document without a fault has them. This is what a verifier is to be given.
    /// </summary>
    public IReadOnlyDictionary<int, string> Pcrs =>
        Volatile.Read(ref _registers).Read().ToDictionary(pcr => pcr.Key, pcr => Convert.ToHexStringLower(pcr.Value));

    /// <summary>
    /// Sets PCR8, which is for the signer of the image, or one of 16 to 31, which are for the application, to the SHA-384 of 48 zero bytes
    /// and a text.
    /// </summary>
    /// <param name="index">8, or 16 to 31.</param>
    /// <param name="text">The text; null: PCR8 is zero again, and another one is no longer in the document.</param>
    public void SetPcr(int index, string? text)
    {
        if (!PlatformRegisters.CanSet(index))
            throw new ArgumentOutOfRangeException(nameof(index), index, "only PCR 8 and PCRs 16 to 31 can be set");
        lock (_lock)
        {
            var extended = _registers.Extended;
            _registers = _registers with { Extended = text is null ? extended.Remove(index) : extended.SetItem(index, text) };
        }
    }

    /// <summary>Makes a document, with the fault if there is one that concerns documents.</summary>
    /// <param name="nonce">What the asker wants to find in it.</param>
    /// <param name="userData">What the application wants to say.</param>
    /// <param name="publicKey">A key of the application.</param>
    /// <exception cref="ArgumentException">One of them is longer than 1024 bytes.</exception>
    public byte[] Attest(byte[]? nonce = null, byte[]? userData = null, byte[]? publicKey = null) =>
        Attest(new AttestationRequest(nonce, userData, publicKey), Fault).Document;

    internal SignedAttestation Attest(AttestationRequest request, AttestationFault fault)
    {
        request.ThrowIfTooLong();
        if (fault == AttestationFault.Replay && Volatile.Read(ref _first) is { } first)
            return first;

        var made = Make(request, fault);
        Interlocked.Increment(ref _documents);
        Interlocked.CompareExchange(ref _first, made, null);
        return made;
    }

    private SignedAttestation Make(AttestationRequest request, AttestationFault fault)
    {
        var now = _timeProvider.GetUtcNow();
        var registers = Volatile.Read(ref _registers);
        var isTpm = fault == AttestationFault.Nitrotpm;
        var leaf = fault switch
        {
            AttestationFault.ExpiredLeaf => _certificates.ExpiredLeafAt(now),
            AttestationFault.OtherRoot => _imitation.Value.LeafAt(now),
            AttestationFault.Nitrotpm => _tpm.Value.LeafAt(now),
            _ => _certificates.LeafAt(now),
        };
        var document = AttestationDocument.Sign(
            isTpm ? _tpmModuleId : ModuleId,
            fault == AttestationFault.Stale ? now - Staleness : now,
            fault switch
            {
                AttestationFault.OtherImage => registers with { Image = $"not-{registers.Image}" },
                AttestationFault.Debug => registers with { Debug = true },
                _ => registers,
            },
            isTpm ? "nitrotpm_pcrs" : "pcrs",
            leaf,
            fault switch
            {
                AttestationFault.WrongNonce => request with { Nonce = Alter(request.Nonce) },
                AttestationFault.NoNonce => request with { Nonce = null },
                _ => request,
            });
        if (fault == AttestationFault.BadSignature)
            document[^1] ^= 1;
        return new SignedAttestation(document, leaf, now);
    }

    // Of the same length where there is one, and only the end differs: a comparison that stops early takes it for the right one.
    private static byte[] Alter(byte[]? nonce)
    {
        if (nonce is null or [])
            return [0];
        var altered = nonce.ToArray();
        altered[^1] ^= 1;
        return altered;
    }
}
