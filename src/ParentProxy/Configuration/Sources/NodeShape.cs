namespace ParentProxy.Configuration.Sources;

/// <summary>What an operator wrote at a place of the configuration.</summary>
internal enum NodeShape
{
    /// <summary>Nothing, or JSON's <c>null</c>.</summary>
    Null,

    /// <summary>A text, number or boolean.</summary>
    Value,

    /// <summary>Keys below it; an environment variable and the command line write a list like this, too.</summary>
    Object,

    /// <summary>A JSON list; no other source writes one as such.</summary>
    List,
}
