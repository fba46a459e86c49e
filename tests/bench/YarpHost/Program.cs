using ParentProxy.Hosting;
using ParentProxy.YarpHost;

// What the product does first, too.
SocketEngine.Configure();

switch (args)
{
    case ["full", var configFile]:
        return await FullHost.RunAsync(configFile);
    case ["bare", var url, var socketPath]:
        await BareHost.RunAsync(url, socketPath);
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: yarp-host full CONFIG-FILE | bare URL UNIX-SOCKET");
        return 2;
}
