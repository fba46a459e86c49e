using ParentProxy.Commands;

return await CommandLine.InvokeAsync(args);
