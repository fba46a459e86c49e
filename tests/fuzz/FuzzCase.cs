using System.Text;
using ParentProxy.Http1;

namespace ParentProxy.Fuzz;

/// <summary>All that decides one run.</summary>
/// <param name="Number">Its number under the seed.</param>
/// <param name="Before">What came on the connection before, for what it remembers.</param>
/// <param name="Input">What the enclave sends: one response or several, or what became of them.</param>
/// <param name="Limits">What it may cost.</param>
/// <param name="IsHead">Whether the requests are HEAD.</param>
/// <param name="IsValid">Whether it must not be refused.</param>
/// <param name="SplitSeed">Decides the pieces in which it comes.</param>
internal sealed record FuzzCase(long Number, byte[] Before, byte[] Input, Http1Limits Limits, bool IsHead, bool IsValid, int SplitSeed)
    : IFuzzCase
{
    /// <inheritdoc/>
    public int Length => Input.Length;

    /// <inheritdoc/>
    public string Describe() => $"""
        case {Number}{(IsHead ? ", HEAD" : "")}, {Limits}
        before (hex): {Convert.ToHexString(Before)}
        input (hex):  {Convert.ToHexString(Input)}
        input:
        {Encoding.Latin1.GetString(Input).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n\n", StringComparison.Ordinal)}
        """;
}
