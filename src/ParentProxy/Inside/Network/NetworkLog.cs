using Microsoft.Extensions.Logging;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Network;

internal static partial class NetworkLog
{
    [LoggerMessage(
        EventId = 1130,
        Level = LogLevel.Warning,
        Message = "lo is down and could not be brought up ({Call}: {Errno}, {Description}): nothing inside reaches 127.0.0.1 or ::1. "
            + "Run this program as root in the enclave, or have 'ip link set lo up' run before it, and set Enclave:SetUpLoopback to false")]
    public static partial void LoopbackDown(ILogger logger, string call, Errno errno, string description);

    [LoggerMessage(
        EventId = 1131,
        Level = LogLevel.Information,
        Message = "lo is up, but has no address beside 127.0.0.1, and 127.0.0.2 could not be added ({Call}: {Errno}, {Description}): "
            + "programs that look up IPv4 addresses only (AI_ADDRCONFIG of glibc) take IPv4 for absent and find none")]
    public static partial void NoSecondAddress(ILogger logger, string call, Errno errno, string description);

    [LoggerMessage(EventId = 1132, Level = LogLevel.Information, Message = "lo was brought up, with 127.0.0.2 beside 127.0.0.1")]
    public static partial void LoopbackUp(ILogger logger);

    [LoggerMessage(
        EventId = 1133,
        Level = LogLevel.Warning,
        Message = "{Path} could not be written ({Errno}, {Description}), so that programs inside may not ask this one for names. Write "
            + "'{Lines}' there when the image is made, or set Enclave:Dns:ResolvConf to an empty text if that is wanted so")]
    public static partial void ResolvConfNotWritten(ILogger logger, string path, Errno errno, string description, string lines);

    [LoggerMessage(
        EventId = 1134,
        Level = LogLevel.Warning,
        Message = "{Path} was not written: none of the addresses on which names are answered ({Addresses}) has port 53, and resolvers ask "
            + "no other. Set Enclave:Dns:Listen to 127.0.0.1:53, or Enclave:Dns:ResolvConf to an empty text")]
    public static partial void NoResolverPort(ILogger logger, string path, string addresses);

    [LoggerMessage(
        EventId = 1135,
        Level = LogLevel.Warning,
        Message = "{Path} could not be written ({Errno}, {Description}), so that names of Enclave:Transparent:Hosts do not lead to the "
            + "parent. Let this program write there, or put these lines into the image's file: {Lines}")]
    public static partial void HostsNotWritten(ILogger logger, string path, Errno errno, string description, string lines);
}
