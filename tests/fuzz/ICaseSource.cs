namespace ParentProxy.Fuzz;

/// <summary>Makes cases, each from its seed and a number.</summary>
/// <typeparam name="TCase">What it makes.</typeparam>
internal interface ICaseSource<out TCase>
    where TCase : IFuzzCase
{
    /// <summary>Makes a case.</summary>
    TCase Make(long number);
}
