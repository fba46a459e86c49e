namespace ParentProxy.Tests.Transparency;

/// <summary>Another program, in a process of its own, configured as an operator would who wants nothing changed.</summary>
internal sealed class PeerFront : IFront
{
    /// <summary>The lines of the configuration that are for these cases.</summary>
    private const string Use = "wire";

    private const string Configuration = "front.conf";

    private readonly FrontProcess _process;

    private PeerFront(FrontProcess process) => _process = process;

    public Uri Uri => _process.Uri;

    public static Task<IFront> StartNginxAsync(int enclavePort) => StartAsync(
        "nginx",
        port => PeerConfiguration.Nginx(Use, ("port", port), ("enclave", enclavePort)),
        (directory, file) => ["-e", "stderr", "-p", directory, "-c", file]);

    public static Task<IFront> StartHAProxyAsync(int enclavePort) => StartAsync(
        "haproxy",
        port => PeerConfiguration.HAProxy(Use, ("port", port), ("enclave", enclavePort)),
        (_, file) => ["-db", "-q", "-f", file]);

    public Task SettleAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task<IFront> StartAsync(
        string program, Func<int, string> configuration, Func<string, string, string[]> arguments) =>
        new PeerFront(await FrontProcess.StartAsync(program, (directory, port) =>
        {
            var file = directory.File(Configuration);
            File.WriteAllText(file, configuration(port));
            return arguments(directory.Root, file);
        }));
}
