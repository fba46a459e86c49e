using System.Globalization;
using ParentProxy.Commands.Doctor.Host;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>nitro-allocator</c>: whether memory and processors are set aside for enclaves as its file asks.</summary>
internal sealed class AllocatorCheck : IDoctorCheck
{
    private const string Id = "nitro-allocator";
    private const string File = "/etc/nitro_enclaves/allocator.yaml";
    private const string Unit = "nitro-enclaves-allocator.service";
    private const string Pages = "/sys/kernel/mm/hugepages";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var machine = @case.Machine;
        if (machine.Text(File) is not { } text)
        {
            return [new CheckResult(Id, CheckStatus.Skip, $"there is no {File}, or this user may not read it")
            {
                Remedy = ["nothing on a machine without enclaves; dnf install aws-nitro-enclaves-cli brings it"],
            }];
        }

        if (Settings(text) is not { } settings)
        {
            return [new CheckResult(Id, CheckStatus.Fail, $"{File} is no YAML of keys and values")
            {
                Remedy = [$"correct it; systemctl restart {Unit}"],
            }];
        }

        var unit = machine.Exists("/run/systemd/system") ? await UnitState.OfAsync(machine, Unit, cancellationToken) : null;
        return [Judge(machine, settings, unit)];
    }

    private static CheckResult Judge(Machine machine, Dictionary<string, string> settings, UnitState? unit)
    {
        var wantedMiB = Number(settings, "memory_mib");
        var wantedCpus = Number(settings, "cpu_count") ?? CpuList.Count(settings.GetValueOrDefault("cpu_pool", ""));
        var reservedMiB = ReservedMiB(machine);
        var cpus = machine.Line("/sys/module/nitro_enclaves/parameters/ne_cpus") is { Length: > 0 } pool
            ? pool
            : machine.Line("/sys/devices/system/cpu/offline") ?? "";
        var totalMiB = machine.Number("/proc/meminfo", "MemTotal:") / 1024;
        string[] evidence =
        [
            $"{File}: memory_mib {wantedMiB?.ToString(CultureInfo.InvariantCulture) ?? "not set"}, "
                + $"processors {wantedCpus?.ToString(CultureInfo.InvariantCulture) ?? "not set"}",
            $"{Pages}: {reservedMiB} MiB reserved; the machine has {totalMiB?.ToString(CultureInfo.InvariantCulture) ?? "?"} MiB",
            $"processors set aside: {(cpus.Length > 0 ? cpus : "none")}",
            .. unit is null ? [] : new[] { $"{Unit}: {unit["ActiveState"]}/{unit["SubState"]}" },
        ];
        CheckResult Result(CheckStatus status, string summary, params string[] remedy) =>
            new(Id, status, summary) { Evidence = evidence, Remedy = remedy };

        if (unit?["ActiveState"] == "failed")
            return Result(CheckStatus.Fail, $"{Unit} failed", $"journalctl -u {Unit} -n 20", $"systemctl restart {Unit}");
        if (wantedMiB >= totalMiB)
        {
            return Result(
                CheckStatus.Fail, $"{wantedMiB} MiB are asked for, and the machine has {totalMiB}", $"lower memory_mib in {File}");
        }

        if (wantedMiB > reservedMiB)
        {
            return Result(
                CheckStatus.Fail,
                $"{wantedMiB} MiB are asked for, and {reservedMiB} are reserved",
                $"systemctl restart {Unit}",
                "memory may be too fragmented for huge pages: reboot, so that they are reserved first");
        }

        if (wantedCpus > CpuList.Count(cpus))
        {
            return Result(
                CheckStatus.Fail,
                $"{wantedCpus} processors are asked for, and {CpuList.Count(cpus) ?? 0} are set aside",
                $"systemctl restart {Unit}; journalctl -u {Unit} -n 20");
        }

        return Result(CheckStatus.Ok, $"{reservedMiB} MiB and {CpuList.Count(cpus) ?? 0} processors are set aside for enclaves");
    }

    private static long ReservedMiB(Machine machine) => machine.Names(Pages)
        .Select(name => (Name: name, KiB: name.Split('-').Last().TrimEnd('k', 'B')))
        .Sum(size => (machine.Number($"{Pages}/{size.Name}/nr_hugepages") ?? 0)
            * (long.TryParse(size.KiB, NumberStyles.None, CultureInfo.InvariantCulture, out var kib) ? kib : 0) / 1024);

    private static long? Number(Dictionary<string, string> settings, string key) =>
        long.TryParse(settings.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The keys and values of the one mapping that the file is; null when it is something else.</summary>
    private static Dictionary<string, string>? Settings(string yaml)
    {
        var settings = new Dictionary<string, string>();
        try
        {
            var parser = new Parser(new StringReader(yaml));
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            parser.Consume<MappingStart>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = parser.Consume<Scalar>().Value;
                if (parser.TryConsume<Scalar>(out var value))
                    settings[key] = value.Value;
                else
                    parser.SkipThisAndNestedEvents();
            }

            return settings;
        }
        catch (YamlException)
        {
            return null;
        }
    }
}
