namespace ParentProxy.Fuzz;

/// <summary>One input, and all that decides what is done with it.</summary>
internal interface IFuzzCase
{
    /// <summary>How many bytes it has.</summary>
    int Length { get; }

    /// <summary>Shows it, for a report.</summary>
    string Describe();
}
