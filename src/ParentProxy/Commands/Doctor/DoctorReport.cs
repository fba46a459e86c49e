namespace ParentProxy.Commands.Doctor;

/// <summary>The results for a terminal: what is wrong with what was seen and what to do, of the rest a line each.</summary>
/// <param name="output">Where they are written.</param>
/// <param name="hasColour">Whether the terminal shows colours.</param>
internal sealed class DoctorReport(TextWriter output, bool hasColour)
{
    private const int Indent = 8;

    /// <summary>Writes all results, and at the end what fails.</summary>
    public async Task WriteAsync(IReadOnlyList<(string Heading, IReadOnlyList<CheckResult> Results)> sections)
    {
        var all = sections.SelectMany(section => section.Results).ToList();
        var width = all.Max(result => result.Id.Length);
        foreach (var (heading, results) in sections)
        {
            await output.WriteLineAsync(heading);
            foreach (var result in results)
                await WriteAsync(result, width);
            await output.WriteLineAsync();
        }

        var counts = Enum.GetValues<CheckStatus>().Select(status => $"{all.Count(result => result.Status == status)} {Word(status)}");
        await output.WriteLineAsync(string.Join(", ", counts));
        var failed = all.Where(result => result.Status == CheckStatus.Fail).Select(result => result.Id).Distinct().ToList();
        await output.WriteLineAsync(failed.Count == 0
            ? "Nothing is wrong that keeps the proxy from working."
            : $"What fails: {string.Join(", ", failed)}. Begin with the first: the others may follow from it.");
    }

    private async Task WriteAsync(CheckResult result, int width)
    {
        await output.WriteLineAsync($"  {Painted(result.Status)}  {result.Id.PadRight(width)}  {result.Summary}");
        if (result.Status == CheckStatus.Ok)
            return;
        foreach (var line in result.Evidence)
            await output.WriteLineAsync($"{new string(' ', Indent)}seen  {line}");
        foreach (var line in result.Remedy)
            await output.WriteLineAsync($"{new string(' ', Indent)}do    {line}");
    }

    private static string Word(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "OK",
        CheckStatus.Warn => "WARN",
        CheckStatus.Fail => "FAIL",
        _ => "SKIP",
    };

    private string Painted(CheckStatus status)
    {
        var word = Word(status).PadRight(4);
        var colour = status switch
        {
            CheckStatus.Ok => "32",
            CheckStatus.Warn => "33",
            CheckStatus.Fail => "1;31",
            _ => "2",
        };
        return hasColour ? $"\e[{colour}m{word}\e[0m" : word;
    }
}
