using ParentProxy.Commands.Doctor.Host;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>configuration</c>: which file is used, and what is wrong in it or in the variables.</summary>
internal sealed class ConfigurationCheck : IDoctorCheck
{
    private const string Id = "configuration";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckResult>>([Judge(@case)]);

    private static CheckResult Judge(DoctorCase @case)
    {
        var loaded = @case.Loaded;
        var file = loaded.Files ?? "no file, defaults and variables alone";
        if (loaded.IsForbidden)
        {
            return new CheckResult(
                Id,
                CheckStatus.Fail,
                $"the user {Environment.UserName} may not read the configuration: most of what follows is not about it")
            {
                Evidence = [.. loaded.Problems.Select(problem => problem.ToString())],
                Remedy = [Machine.AsRoot, "or let this user in: usermod -aG parent-proxy USER, and log in again"],
            };
        }

        if (loaded.Problems.Count > 0)
        {
            return new CheckResult(
                Id,
                CheckStatus.Fail,
                $"{loaded.Problems.Count} {Html.Words.Plural(loaded.Problems.Count, "mistake", "mistakes")} in the configuration ({file})")
            {
                Evidence = [.. loaded.Problems.Concat(loaded.Warnings).Select(problem => problem.ToString())],
                Remedy = ["correct them; 'parent-proxy check' names those that are left", "systemctl restart parent-proxy"],
            };
        }

        return loaded.Warnings.Count == 0
            ? new CheckResult(Id, CheckStatus.Ok, $"no mistake ({file})")
            : new CheckResult(Id, CheckStatus.Warn, $"no mistake, but something that is likely not meant ({file})")
            {
                Evidence = [.. loaded.Warnings.Select(warning => warning.ToString())],
                Remedy = ["each line names the setting: correct it, or leave it if it is meant"],
            };
    }
}
