namespace ParentProxy.Configuration.Reading;

/// <summary>What a text means: a value, or the reason why it is none.</summary>
/// <param name="Value">The value; meaningless with a reason.</param>
/// <param name="Reason">Why the text has no value, for an operator; else null.</param>
internal readonly record struct Parsed<T>(T Value, string? Reason)
{
    /// <summary>The text has this value.</summary>
    public static implicit operator Parsed<T>(T value) => new(value, null);

    /// <summary>The same as a value of another type.</summary>
    public Parsed<TOther> Select<TOther>(Func<T, TOther> convert) => Reason is null ? convert(Value) : new Mistake(Reason);

    /// <summary>The text has no value, for this reason.</summary>
    public static implicit operator Parsed<T>(Mistake mistake) => new(default!, mistake.Reason);
}
