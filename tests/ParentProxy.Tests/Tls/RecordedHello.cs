using ParentProxy.Tests.Documents;

namespace ParentProxy.Tests.Tls;

/// <summary>What a real client sent first, and which version it was of.</summary>
internal sealed record RecordedHello(string Client, string Version, byte[] Bytes)
{
    public static IReadOnlyList<RecordedHello> All { get; } =
    [
        .. File.ReadLines(Repository.FullPath("tests/ParentProxy.Tests/Tls/client-hello.recorded"))
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' '))
            .Select(words => new RecordedHello(words[0], words[1], Convert.FromBase64String(words[3]))),
    ];

    public static RecordedHello Of(string client) => All.Single(hello => hello.Client == client);
}
