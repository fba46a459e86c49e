using ParentProxy.Configuration.Reading;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Configuration.Sections;

/// <summary>A route of <c>ReverseProxy:Routes</c>.</summary>
internal static class RouteSection
{
    /// <summary>Reads a route; null when it has mistakes.</summary>
    /// <param name="section">The route.</param>
    /// <param name="clusters">The ids of the clusters that it may lead to.</param>
    /// <param name="yarp">YARP's own reading.</param>
    public static RouteConfig? Read(SectionReader section, IReadOnlySet<string> clusters, YarpReader yarp)
    {
        var before = section.Report.Problems.Count;
        ReverseProxySection.CheckId(section);
        section.TryRequired(nameof(RouteConfig.ClusterId), text => ParseCluster(text, clusters), out _);
        section.Number(0, int.MinValue, int.MaxValue, nameof(RouteConfig.Order));
        section.Number(0L, -1, long.MaxValue, nameof(RouteConfig.MaxRequestBodySize));
        section.Section(nameof(RouteConfig.Metadata), metadata => metadata.NamedValues<string>(text => text));
        section.ListOfSections(nameof(RouteConfig.Transforms), transform => transform.NamedValues<string>(text => text));
        section.Section(nameof(RouteConfig.Match), ReadMatch);

        section.Refuse(nameof(RouteConfig.RouteId), "a route's id is the name of its object");
        section.Refuse(nameof(RouteConfig.Timeout), "times are set by Timeouts, for every route alike");
        section.Refuse(nameof(RouteConfig.TimeoutPolicy), "times are set by Timeouts, for every route alike");
        foreach (var policy in (string[])[
            nameof(RouteConfig.AuthorizationPolicy), nameof(RouteConfig.RateLimiterPolicy), nameof(RouteConfig.CorsPolicy),
            "OutputCachePolicy"])
            section.Refuse(
                policy, "policies are code, of which there is none here; the application in the enclave or the load balancer decides");
        return section.Report.Problems.Count == before ? yarp.ReadRoute(section) : null;
    }

    private static bool ReadMatch(SectionReader section)
    {
        section.OptionalText(null, nameof(RouteMatch.Path));
        section.List<string>([], text => text, nameof(RouteMatch.Hosts));
        section.List<string>([], text => text, nameof(RouteMatch.Methods));
        section.ListOfSections(nameof(RouteMatch.Headers), header => ReadCondition<HeaderMatchMode>(header));
        section.ListOfSections(nameof(RouteMatch.QueryParameters), parameter => ReadCondition<QueryParameterMatchMode>(parameter));
        return true;
    }

    private static bool ReadCondition<TMode>(SectionReader section) where TMode : struct, Enum
    {
        section.TryRequired("Name", Values.Label, out _);
        section.List<string>([], text => text, "Values");
        section.OneOf("", Enum.GetNames<TMode>(), "Mode");
        return section.Bool(false, "IsCaseSensitive");
    }

    private static Parsed<string> ParseCluster(string text, IReadOnlySet<string> clusters) =>
        clusters.Contains(text)
            ? text
            : new Mistake($"there is no cluster {Quoted.Text(text)}"
                + (Spelling.Guess(text, clusters) is { } guess ? $"; did you mean {guess}?" : ""));
}
