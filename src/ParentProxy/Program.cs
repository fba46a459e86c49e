using ParentProxy.Commands;
using ParentProxy.Hosting;

SocketEngine.Configure();
return await CommandLine.InvokeAsync(args);
