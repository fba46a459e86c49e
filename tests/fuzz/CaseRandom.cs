namespace ParentProxy.Fuzz;

/// <summary>What decides a case.</summary>
internal static class CaseRandom
{
    /// <summary>Begins a sequence that follows from a seed and the number of a case alone.</summary>
    public static Random Of(int seed, long number) => new(HashCode(seed, number));

    // Not System.HashCode, which is another in each process.
    private static int HashCode(int seed, long number) =>
        unchecked((int)((number * 6364136223846793005L + seed) * 1442695040888963407L >> 32));
}
