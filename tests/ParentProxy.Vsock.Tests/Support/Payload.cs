using System.Security.Cryptography;

namespace ParentProxy.Vsock.Tests;

/// <summary>Bytes that cannot be mistaken for others, sent and checked in pieces.</summary>
internal static class Payload
{
    private const int PieceBytes = 100_000;

    public static byte[] Create(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Writes <paramref name="length"/> bytes and gives their SHA-256.</summary>
    public static async Task<byte[]> SendAsync(Stream stream, long length, int seed)
    {
        byte[] piece = Create(PieceBytes, seed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long left = length; left > 0; left -= PieceBytes)
        {
            ReadOnlyMemory<byte> part = piece.AsMemory(0, (int)Math.Min(left, PieceBytes));
            hash.AppendData(part.Span);
            await stream.WriteAsync(part);
            piece[left % PieceBytes]++;
        }

        return hash.GetHashAndReset();
    }

    /// <summary>Reads to the end and gives length and SHA-256.</summary>
    public static async Task<(long Length, byte[] Hash)> ReceiveAsync(Stream stream)
    {
        var buffer = new byte[64 * 1024];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long length = 0;
        while (await stream.ReadAsync(buffer) is > 0 and int count)
        {
            hash.AppendData(buffer.AsSpan(0, count));
            length += count;
        }

        return (length, hash.GetHashAndReset());
    }
}
