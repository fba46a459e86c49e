using System.Globalization;
using ParentProxy.Attestation;

namespace ParentProxy.Fuzz.Attestation;

/// <summary>One document.</summary>
/// <param name="Number">Its number under the seed.</param>
/// <param name="Input">The document.</param>
/// <param name="Original">What it was made of.</param>
/// <param name="Policy">What it has to fulfil.</param>
/// <param name="IsSignedAgain">Whether the key of the original has signed it.</param>
/// <param name="What">What was done to it.</param>
internal sealed record DocumentCase(
    long Number, byte[] Input, Original Original, AttestationPolicy Policy, bool IsSignedAgain, string What) : IFuzzCase
{
    /// <inheritdoc/>
    public int Length => Input.Length;

    /// <inheritdoc/>
    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"""
        case {Number}: {What}{(IsSignedAgain ? ", signed again" : "")}; verified at {Original.At:u} by {Policy}
        input (hex):    {Convert.ToHexString(Input)}
        original (hex): {Convert.ToHexString(Original.Bytes)}
        """);
}
