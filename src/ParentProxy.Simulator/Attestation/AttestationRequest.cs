namespace ParentProxy.Simulator.Attestation;

/// <summary>What a document is asked to carry.</summary>
internal sealed record AttestationRequest(byte[]? Nonce, byte[]? UserData, byte[]? PublicKey)
{
    private const int MaxBytes = 1024;

    /// <exception cref="ArgumentException">More than the security module takes; the message names everything that is too long.</exception>
    public void ThrowIfTooLong()
    {
        var tooLong = new (string Name, byte[]? Value)[] { ("nonce", Nonce), ("user_data", UserData), ("public_key", PublicKey) }
            .Where(field => field.Value?.Length > MaxBytes)
            .Select(field => $"{field.Name}: {field.Value!.Length} bytes, at most {MaxBytes}")
            .ToList();
        if (tooLong.Count > 0)
            throw new ArgumentException(string.Join("; ", tooLong));
    }
}
