using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration.Sections;

/// <summary>
/// <c>Kestrel:Limits</c>, which Kestrel has as an object but does not read: what the object takes is right, each key by
/// itself so that one mistake does not hide the next.
/// </summary>
internal static class KestrelLimits
{
    private const string Key = "Limits";

    /// <summary>Limits of ours that are one of Kestrel's by another name.</summary>
    private static readonly (string Kestrel, string Ours)[] Twins =
    [
        (nameof(KestrelServerLimits.MaxConcurrentConnections), nameof(LimitOptions.MaxConnections)),
        (nameof(KestrelServerLimits.MaxRequestBodySize), nameof(LimitOptions.MaxRequestBodyBytes)),
    ];

    /// <summary>Reports each limit that the object of Kestrel does not have, or whose value it does not take.</summary>
    public static void Check(SectionReader kestrel) => kestrel.Section(Key, section =>
    {
        section.AcceptRest();
        CheckKeys(section.Node, typeof(KestrelServerLimits), [], section.Report);
        return true;
    });

    /// <summary>Reports a limit that is set in both sections.</summary>
    public static void CheckTwins(ConfigurationNode root, ConfigurationReport report)
    {
        foreach (var (kestrel, ours) in Twins)
        {
            var theirs = root.Child(Names.Kestrel).Child(Key).Child(kestrel);
            var own = root.Child(nameof(ProxyOptions.Limits)).Child(ours);
            if (theirs.IsSet && own.IsSet)
                report.Problem(theirs.Location, $"is the same limit as {own.Location}; set one of them");
        }
    }

    private static void CheckKeys(
        ConfigurationNode node,
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type,
        IReadOnlyList<string> path,
        ConfigurationReport report)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var child in node.Children)
        {
            var property = properties.FirstOrDefault(property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
                ReportUnknown(child, properties, report);
            else if (GroupOf(property) is { } group && child.Shape == NodeShape.Object)
                CheckKeys(child, group, [.. path, property.Name], report);
            else if (child.IsSet && IsGroup(property) != (child.Shape == NodeShape.Object))
                report.Problem(child.Location, IsGroup(property) ? "is no object with keys" : "is no single value");
            else if (property.PropertyType == typeof(TimeSpan)
                && child.Value is { } text
                && Values.Duration(text, TimeSpan.Zero, Values.LongestDuration).Reason is { } reason)
                report.Problem(child.Location, reason);
            else if (Bind(child, path) is { } refusal)
                report.Problem(child.Location, refusal);
        }
    }

    // Limits of a protocol, by name. The types are named here because a native build may strip the properties of a type that is
    // found only at run time.
    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)]
    private static Type? GroupOf(PropertyInfo property) => property.Name switch
    {
        nameof(KestrelServerLimits.Http2) => typeof(Http2Limits),
        nameof(KestrelServerLimits.Http3) => typeof(Http3Limits),
        _ => null,
    };

    // Limits of a protocol, and a rate, which is made whole or not at all.
    private static bool IsGroup(PropertyInfo property) => property.PropertyType.Namespace == typeof(KestrelServerLimits).Namespace;

    private static void ReportUnknown(ConfigurationNode node, PropertyInfo[] properties, ConfigurationReport report)
    {
        var guess = Spelling.Guess(node.Key, properties.Select(property => property.Name));
        report.Problem(node.Location, guess is null ? "unknown key" : $"unknown key; did you mean {guess}?");
    }

    private static string? Bind(ConfigurationNode node, IReadOnlyList<string> path)
    {
        try
        {
            var section = FlatSections.Create(path.Reverse().Aggregate(node, Wrap));
            // Without rates, as on the listeners: half of a rate would be taken as a change of the one that is there.
            var limits = new KestrelServerLimits { MinRequestBodyDataRate = null, MinResponseDataRate = null };
            section.Bind(limits, options => options.ErrorOnUnknownConfiguration = true);
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or TargetInvocationException or ArgumentException)
        {
            return $"{(node.Value is { } text ? Quoted.Text(text) : "this")} is no value for it: {FirstLine(e.GetBaseException().Message)}";
        }
    }

    private static ConfigurationNode Wrap(ConfigurationNode node, string key) =>
        new(key, key, ConfigurationOrigin.File) { Shape = NodeShape.Object, Children = [node] };

    // An ArgumentException adds the name of Kestrel's parameter, and the value in a line of its own.
    private static string FirstLine(string message) => message.Split(" (Parameter", 2)[0].Split('\n', 2)[0];
}
