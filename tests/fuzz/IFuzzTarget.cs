namespace ParentProxy.Fuzz;

/// <summary>Something that reads what an enclave sends.</summary>
/// <typeparam name="TCase">What it reads.</typeparam>
internal interface IFuzzTarget<in TCase>
    where TCase : IFuzzCase
{
    /// <summary>For the figures.</summary>
    string Name { get; }

    /// <summary>Runs a case in all the ways that must come to the same; returns what it came to.</summary>
    /// <exception cref="FindingException">
    /// They do not, or another invariant does not hold. Any other exception is a finding too.
    /// </exception>
    Outcome Run(TCase fuzzCase);
}
