using System.IO.Pipelines;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// The bytes that the enclave sends: the one at offset <c>i</c> is <c>i mod 251</c>. 251 is prime, so that a lost, doubled
/// or moved block of any power of two shows.
/// </summary>
internal static class BytePattern
{
    private const int Period = 251;
    private const int BlockBytes = 256 * Period;

    // A whole number of periods: every block begins at 0.
    private static readonly byte[] Block = CreateBlock();

    public static async Task WriteAsync(PipeWriter writer, long count, CancellationToken cancellationToken)
    {
        for (var left = count; left > 0; left -= BlockBytes)
            await writer.WriteAsync(Block.AsMemory(0, (int)Math.Min(left, BlockBytes)), cancellationToken);
    }

    private static byte[] CreateBlock()
    {
        var block = new byte[BlockBytes];
        for (var i = 0; i < block.Length; i++)
            block[i] = (byte)(i % Period);
        return block;
    }
}
