using ParentProxy.YarpHost;

switch (args)
{
    case ["full", var configFile]:
        return await FullHost.RunAsync(configFile);
    case ["bare", var url, var socketPath]:
        // The product waits for its sockets itself; this is the best that the runtime's own can be brought to.
        SocketEngine.Configure();
        await BareHost.RunAsync(url, socketPath);
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: yarp-host full CONFIG-FILE | bare URL UNIX-SOCKET");
        return 2;
}
