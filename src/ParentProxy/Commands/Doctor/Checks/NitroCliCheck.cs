namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>nitro-cli</c>: whether it is there, may be run, and answers.</summary>
internal sealed class NitroCliCheck : IDoctorCheck
{
    private const string Id = "nitro-cli";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckResult>>([Judge(@case)]);

    private static CheckResult Judge(DoctorCase @case)
    {
        var program = @case.Settings.Discovery.NitroCli;
        var isNeeded = @case.Options is { Discovery.Enabled: true };
        if (@case.Described is not { } described)
        {
            return new CheckResult(
                Id, isNeeded ? CheckStatus.Fail : CheckStatus.Skip, $"{program} (Discovery:NitroCli) does not exist")
            {
                Remedy = ["dnf install aws-nitro-enclaves-cli, or set Discovery:NitroCli"],
            };
        }

        if (described.Failure is { } failure)
        {
            return new CheckResult(Id, isNeeded ? CheckStatus.Fail : CheckStatus.Warn, $"{failure.Code}: {failure.Reason}")
            {
                Evidence = [$"{program} describe-enclaves", .. described.Skipped],
                Remedy = [failure.Hint, "the rights that it needs: docs/discovery.md, Rights"],
            };
        }

        if (described.Skipped.Count > 0)
        {
            return new CheckResult(Id, CheckStatus.Warn, $"{program} tells something that cannot be read")
            {
                Evidence = described.Skipped,
                Remedy = [$"{program} describe-enclaves; please report what it prints"],
            };
        }

        var list = described.Enclaves.Select(enclave =>
            $"{enclave.Name}: CID {enclave.Cid}, {enclave.State ?? "state unknown"}{(enclave.IsDebug ? ", debug mode" : "")}").ToList();
        return list.Count > 0
            ? new CheckResult(Id, CheckStatus.Ok, $"it tells of {list.Count} {Html.Words.Plural(list.Count, "enclave", "enclaves")}")
            {
                Evidence = list,
            }
            : new CheckResult(Id, isNeeded ? CheckStatus.Fail : CheckStatus.Warn, "it tells of no enclave")
            {
                Evidence = [$"{program} describe-enclaves printed []", "it prints that as well to a user who may not ask the enclaves"],
                Remedy =
                [
                    "ls -l /run/nitro_enclaves: a socket for each enclave that runs",
                    "nitro-cli run-enclave …, or systemctl status of the unit that starts it",
                ],
            };
    }
}
