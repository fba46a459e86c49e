using ParentProxy.Commands.Doctor.Host;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary>
/// <c>service-unit</c>: what systemd says of the unit. <c>service-sockets</c>: whether it keeps the listening sockets over a restart, as
/// the proxy is told that it does.
/// </summary>
internal sealed class UnitCheck : IDoctorCheck
{
    private const string Id = "service-unit";
    private const string Sockets = "service-sockets";
    private const string Unit = "parent-proxy.service";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        if (!@case.Machine.Exists("/run/systemd/system"))
        {
            return [new CheckResult(Id, CheckStatus.Skip, "systemd does not run here")
            {
                Remedy = ["nothing, if something else starts it"],
            }];
        }

        var unit = await UnitState.OfAsync(@case.Machine, Unit, cancellationToken);
        if (unit is null)
        {
            return [new CheckResult(Id, CheckStatus.Skip, "systemctl gave no answer")
            {
                Remedy = [$"systemctl status {Unit}; it may need root"],
            }];
        }

        return [Judge(unit), .. Store(unit)];
    }

    private static IEnumerable<CheckResult> Store(UnitState unit)
    {
        if (unit["LoadState"] != "loaded"
            || unit["FileDescriptorStoreMax"] is not { Length: > 0 } max
            || unit.Variable("FDSTORE") is "" or "0")
            yield break;
        yield return max != "0"
            ? new CheckResult(Sockets, CheckStatus.Ok, $"systemd keeps up to {max} listening sockets while {Unit} restarts")
            : new CheckResult(
                Sockets,
                CheckStatus.Warn,
                "systemd keeps no listening sockets: a restart refuses connections until the next process listens")
            {
                Evidence =
                [
                    $"FileDescriptorStoreMax=0 NFileDescriptorStore={unit["NFileDescriptorStore"]}, "
                        + $"but the unit has Environment=FDSTORE={unit.Variable("FDSTORE")}",
                ],
                Remedy =
                [
                    "systemctl cat parent-proxy shows the drop-in with FileDescriptorStoreMax=0: take the line out, or set it to 512",
                    $"systemctl daemon-reload; systemctl restart {Unit}",
                    "if it is meant, add Environment=FDSTORE=0 to the drop-in",
                ],
            };
    }

    private static CheckResult Judge(UnitState unit)
    {
        CheckResult Result(CheckStatus status, string summary, params string[] remedy) =>
            new(Id, status, summary) { Evidence = [unit.Text], Remedy = remedy };

        if (unit["LoadState"] == "not-found")
            return Result(CheckStatus.Skip, $"there is no {Unit}", "docs/operations.md says how it is installed");
        if (unit["LoadState"] == "masked")
            return Result(CheckStatus.Fail, $"{Unit} is masked", $"systemctl unmask {Unit}", $"systemctl enable --now {Unit}");
        var code = unit["ExecMainStatus"];
        switch (unit["ActiveState"])
        {
            case "active" or "reloading" when unit["NRestarts"] is not ("0" or ""):
                return Result(
                    CheckStatus.Warn,
                    $"runs, but was started again {unit["NRestarts"]} times",
                    "journalctl -u parent-proxy -p warning --since -1d");
            case "active" or "reloading" when unit["UnitFileState"] == "disabled":
                return Result(CheckStatus.Warn, "runs, but does not start with the machine", $"systemctl enable {Unit}");
            case "active" or "reloading":
                return Result(CheckStatus.Ok, $"runs (pid {unit["MainPID"]})");
            case "failed" when code == "78":
                return Result(
                    CheckStatus.Fail,
                    "ended with 78: its configuration has mistakes, and a restart does not heal that",
                    "parent-proxy check",
                    $"systemctl start {Unit}");
            case "failed" or "activating":
                return Result(
                    CheckStatus.Fail,
                    $"{unit["ActiveState"]}/{unit["SubState"]}: {unit["Result"]}, exit status {code}",
                    "journalctl -u parent-proxy -n 50",
                    $"systemctl reset-failed {Unit}; systemctl start {Unit}");
            default:
                return Result(
                    CheckStatus.Warn, $"does not run ({unit["ActiveState"]}/{unit["SubState"]})", $"systemctl enable --now {Unit}");
        }
    }
}
