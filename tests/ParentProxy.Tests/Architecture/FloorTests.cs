using System.Reflection;
using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ParentProxy.Attestation;
using ParentProxy.Hosting;
using ParentProxy.Simulator;
using ParentProxy.Tests.Documents;
using ParentProxy.Vsock;
using Assembly = System.Reflection.Assembly;

namespace ParentProxy.Tests.Architecture;

/// <summary>
/// The rooms stand on floors, and arrows point down only. Both are read: the compiled code, signatures and bodies, and
/// the usings of the sources, where constants have their names still.
/// </summary>
public sealed partial class FloorTests
{
    private const string House = "ParentProxy.";

    /// <summary>The top floor: these read each other, and nobody else reads them.</summary>
    private static readonly string[] Top = ["Hosting", "Admin", "Commands"];

    private static readonly string[] Ground = ["Sockets", "Endpoints", "Runtime", "Vsock"];

    /// <summary>What a peer's bytes mean.</summary>
    private static readonly string[] Protocols = ["Dns", "Http1", "ProxyProtocol", "Tls"];

    private static readonly string[] BelowTop =
    [
        "Ingress", "Passthrough", "Egress", "Inside", "Trust", "Health", "Enclaves", .. Protocols, "Telemetry", "Capabilities", "Html",
        "Configuration", "Attestation", .. Ground,
    ];

    /// <summary>Each room, and the rooms that it may read beside itself.</summary>
    private static readonly Dictionary<string, string[]> MayRead = new()
    {
        ["Commands"] = [.. Top, .. BelowTop, "Simulator"],
        ["Hosting"] = [.. Top, .. BelowTop],
        ["Admin"] = [.. Top, .. BelowTop],
        ["Ingress"] = ["Health", "Enclaves", .. Protocols, "Telemetry", "Capabilities", "Html", "Configuration", .. Ground],
        ["Passthrough"] = ["Enclaves", "ProxyProtocol", "Tls", "Telemetry", "Capabilities", "Html", "Configuration", .. Ground],
        ["Egress"] = ["Enclaves", "Dns", "Http1", "Telemetry", "Capabilities", "Html", "Configuration", .. Ground],
        ["Inside"] = ["Enclaves", .. Protocols, "Telemetry", "Configuration", .. Ground],
        ["Trust"] = ["Health", "Enclaves", "Telemetry", "Capabilities", "Html", "Configuration", "Attestation", .. Ground],
        ["Health"] = ["Enclaves", "Telemetry", "Capabilities", "Html", "Configuration", .. Ground],
        ["Enclaves"] = ["Capabilities", "Html", "Configuration", .. Ground],
        ["Dns"] = [],
        ["Http1"] = ["Sockets", "Runtime"],
        ["ProxyProtocol"] = [],
        ["Tls"] = [],
        ["Telemetry"] = ["Configuration", "Runtime"],
        ["Capabilities"] = ["Html", "Configuration"],
        ["Html"] = [],
        ["Configuration"] = ["Attestation", "Endpoints", "Runtime", "Vsock"],
        ["Sockets"] = Ground,
        ["Endpoints"] = Ground,
        ["Runtime"] = Ground,
        ["Simulator"] = ["Vsock"],
        ["Vsock"] = [],
        ["Attestation"] = [],
    };

    /// <summary>
    /// What others have, and the rooms that must do without: HTTP, and cryptography, which is OpenSSL, of which the static file for
    /// enclaves has none.
    /// </summary>
    private static readonly (string[] Namespaces, string[] Rooms)[] Without =
    [
        (["Microsoft.AspNetCore", "System.Net.Http", "Yarp"], ["Passthrough", "Egress", "Enclaves", .. Protocols, "Endpoints", "Runtime"]),
        (["System.Security.Cryptography", "System.Net.Security"], ["Inside", "Dns", "Http1", "ProxyProtocol", .. Ground]),
    ];

    private static readonly Lazy<IReadOnlyList<Arrow>> Arrows = new(() =>
    [
        .. Read().Concat(Sources()).Where(arrow => arrow.From.StartsWith(House, StringComparison.Ordinal)).Distinct(),
    ]);

    [Fact]
    public void Rooms_AreAllInTheTable() =>
        Assert.Equal(MayRead.Keys.Order(), Arrows.Value.Select(arrow => RoomOf(arrow.From)).Distinct().Order());

    [Fact]
    public void Arrows_PointDown() => Assert.Equal(
        [], Arrows.Value.Where(arrow => Broken(arrow) is not null).Select(arrow => arrow.ToString()).Order());

    [Fact]
    public void Assemblies_ReferOnlyToThoseBelow()
    {
        Assert.Equal([], Of(typeof(VsockStream)));
        Assert.Equal([], Of(typeof(AttestationVerifier)));
        Assert.Equal(["ParentProxy.Vsock"], Of(typeof(SimulatedEnclave)));
        Assert.Equal(["ParentProxy.Attestation", "ParentProxy.Simulator", "ParentProxy.Vsock"], Of(typeof(ProxyServer)));

        static IEnumerable<string> Of(System.Type type) => type.Assembly.GetReferencedAssemblies()
            .Select(assembly => assembly.Name!)
            .Where(name => name.StartsWith(House, StringComparison.Ordinal))
            .Order();
    }

    /// <summary>Which rooms an arrow ties that it may not; null when it points down.</summary>
    private static string? Broken(Arrow arrow)
    {
        var from = RoomOf(arrow.From);
        if (!arrow.To.StartsWith(House, StringComparison.Ordinal))
        {
            var foreign = Without.Where(rule => rule.Rooms.Contains(from))
                .SelectMany(rule => rule.Namespaces)
                .FirstOrDefault(name => arrow.To.StartsWith($"{name}.", StringComparison.Ordinal));
            return foreign is null ? null : $"{from} > {foreign}";
        }

        var to = RoomOf(arrow.To);
        return from == to || MayRead[from].Contains(to) ? null : $"{from} > {to}";
    }

    private static string RoomOf(string type) => type.Split('.')[1];

    private static IEnumerable<Arrow> Read()
    {
        Assembly[] house =
        [
            typeof(ProxyServer).Assembly, typeof(SimulatedEnclave).Assembly, typeof(VsockStream).Assembly,
            typeof(AttestationVerifier).Assembly,
        ];
        return new ArchLoader().LoadAssemblies(house).Build().Types
            .SelectMany(type => type.Dependencies)
            .Where(dependency => dependency.Target is not GenericParameter)
            .Select(dependency => new Arrow(dependency.Origin.FullName, dependency.Target.FullName))
            .Concat(house.SelectMany(assembly => assembly.GetTypes()).SelectMany(Caught));
    }

    /// <summary>The one thing that the library does not look at: what is caught.</summary>
    private static IEnumerable<Arrow> Caught(System.Type type) => type
        .GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .SelectMany(method => method.GetMethodBody()?.ExceptionHandlingClauses ?? [])
        .Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause)
        .Select(clause => new Arrow(type.FullName!, clause.CatchType!.FullName!));

    private static IEnumerable<Arrow> Sources()
    {
        foreach (var path in Directory.EnumerateFiles(Repository.FullPath("src/ParentProxy"), "*.cs", SearchOption.AllDirectories))
        {
            var parts = Path.GetRelativePath(Repository.FullPath("src/ParentProxy"), Path.ChangeExtension(path, null)).Split('/');
            if (parts is ["bin" or "obj", ..] or [_])
                continue;
            foreach (var match in Using().Matches(File.ReadAllText(path)).AsEnumerable())
                yield return new Arrow(House + string.Join('.', parts), match.Groups[1].Value);
        }
    }

    [GeneratedRegex(@"^using (?:static |\w+ = )?(ParentProxy\.[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    private sealed record Arrow(string From, string To)
    {
        public override string ToString() => $"{From} > {To}";
    }
}
