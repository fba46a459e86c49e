using System.Collections.Frozen;
using System.Globalization;

namespace ParentProxy.Attestation;

/// <summary>Which values the PCRs of an image may have: for each index that is pinned one or several.</summary>
public sealed class PcrPins : IEquatable<PcrPins>
{
    /// <summary>Bytes of a PCR: SHA-384.</summary>
    public const int ValueLength = 48;

    /// <summary>The highest index of a PCR.</summary>
    public const int LastIndex = 31;

    private readonly FrozenDictionary<int, IReadOnlyList<ReadOnlyMemory<byte>>> _values;

    private PcrPins(FrozenDictionary<int, IReadOnlyList<ReadOnlyMemory<byte>>> values) => _values = values;

    /// <summary>No PCR at all is pinned.</summary>
    public static PcrPins None { get; } = new(FrozenDictionary<int, IReadOnlyList<ReadOnlyMemory<byte>>>.Empty);

    /// <summary>Whether nothing is pinned.</summary>
    public bool IsEmpty => _values.Count == 0;

    /// <summary>The indexes that are pinned, in ascending order.</summary>
    public IEnumerable<int> Indexes => _values.Keys.Order();

    /// <summary>Pins the PCRs of one image, or of several.</summary>
    /// <param name="values">By index, each 96 hex digits, in either case. An index without values is not pinned.</param>
    /// <exception cref="FormatException">
    /// An index is not 0 to 31, or is there twice, or a value is none: all zero is none for PCR0, 1 and 2, which only debug mode has so.
    /// </exception>
    public static PcrPins Create(IEnumerable<KeyValuePair<int, IReadOnlyList<string>>> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var pins = new Dictionary<int, IReadOnlyList<ReadOnlyMemory<byte>>>();
        foreach (var (index, texts) in values)
        {
            if (index is < 0 or > LastIndex)
                throw new FormatException($"PCR{index} is none; 0 to {LastIndex} are");
            if (texts.Count == 0)
                continue;
            IReadOnlyList<ReadOnlyMemory<byte>> pinned = [.. texts.Select(text => CheckValue(index, text) is { } mistake
                ? throw new FormatException($"PCR{index}: {mistake}")
                : (ReadOnlyMemory<byte>)Convert.FromHexString(text))];
            if (!pins.TryAdd(index, pinned))
                throw new FormatException($"PCR{index} is there twice");
        }

        return new PcrPins(pins.ToFrozenDictionary());
    }

    /// <summary>What is wrong with the text of a value; null when it is one.</summary>
    /// <param name="index">The PCR. Some are zero where nothing is measured, PCR3 of an instance without a role, for one.</param>
    /// <param name="text">96 hex digits.</param>
    public static string? CheckValue(int index, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length != ValueLength * 2 || !text.All(char.IsAsciiHexDigit))
            return $"not {ValueLength * 2} hex digits, which SHA-384 gives";
        return index <= 2 && text.All(digit => digit == '0') ? "all zero: that is no image, it is what an enclave in debug mode has" : null;
    }

    /// <summary>Whether the same PCRs are pinned to the same values, in whatever order.</summary>
    public bool Equals(PcrPins? other) =>
        other is not null && Indexes.SequenceEqual(other.Indexes) && Indexes.All(index => Texts(index).SetEquals(other.Texts(index)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PcrPins);

    /// <inheritdoc/>
    public override int GetHashCode() => Indexes.Aggregate(0, HashCode.Combine);

    private HashSet<string> Texts(int index) => [.. _values[index].Select(value => Convert.ToHexString(value.Span))];

    /// <summary>What does not fit; null when all does.</summary>
    internal string? Mismatch(AttestationDocument document, Func<int, bool> isCompared)
    {
        foreach (var index in Indexes.Where(isCompared))
        {
            if (!document.Pcrs.TryGetValue(index, out var measured))
                return $"there is no PCR{index}, which is pinned";
            if (!_values[index].Any(pinned => pinned.Span.SequenceEqual(measured.Span)))
            {
                var or = _values[index].Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (none of {_values[index].Count})");
                return $"PCR{index} is {Convert.ToHexStringLower(measured.Span)}, and {Convert.ToHexStringLower(_values[index][0].Span)} "
                    + $"is pinned{or}: another image";
            }
        }

        return null;
    }
}
