using ParentProxy.Commands;
using ParentProxy.Hosting;

if (DescriptorCheck.Complaint() is { } complaint)
{
    DescriptorCheck.Write(complaint);
    return ExitCode.Failed;
}

return await CommandLine.InvokeAsync(args);
