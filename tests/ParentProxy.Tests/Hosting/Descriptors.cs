using System.Globalization;

namespace ParentProxy.Tests.Hosting;

/// <summary>An open descriptor of a process.</summary>
internal sealed record Descriptors(int Number, string Target, string Info)
{
    private const long CloseOnExec = 0x80000;

    public bool IsClosedOnExec =>
        (Convert.ToInt64(
            Info.Split('\n').First(l => l.StartsWith("flags:", StringComparison.Ordinal))["flags:".Length..].Trim(),
            8) & CloseOnExec) != 0;

    public static IReadOnlyList<Descriptors> Of(ProxyProcess process)
    {
        var all = new List<Descriptors>();
        foreach (var link in Directory.EnumerateFileSystemEntries($"/proc/{process.Id}/fd"))
        {
            var name = Path.GetFileName(link);
            try
            {
                all.Add(new Descriptors(
                    int.Parse(name, CultureInfo.InvariantCulture),
                    new FileInfo(link).LinkTarget ?? "",
                    File.ReadAllText($"/proc/{process.Id}/fdinfo/{name}")));
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }
        }

        return all;
    }
}
