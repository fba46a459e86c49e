using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Network;

/// <summary>
/// The network of an enclave is <c>lo</c>, which is down at first. It gets a second address, since glibc does not count 127.0.0.1: with
/// nothing else it takes IPv4 for absent, and looks for no IPv4 addresses where a program asks for those that can be used.
/// </summary>
internal static partial class Loopback
{
    private const string Interface = "lo";

    /// <summary>A second address has a label of its own; without one it would take the place of the first.</summary>
    private const string Label = "lo:1";

    // linux/sockios.h, and IFF_UP of linux/if.h.
    private const uint GetFlags = 0x8913;
    private const uint SetFlags = 0x8914;
    private const uint SetAddress = 0x8916;
    private const uint SetMask = 0x891C;
    private const ushort Up = 1;

    // struct ifreq: a name, and what is asked or said.
    private const int RequestBytes = 40;
    private const int NameBytes = 16;

    private const int FileExists = 17; // EEXIST

    private static readonly IPAddress Second = new([127, 0, 0, 2]);
    private static readonly IPAddress Mask = new([255, 0, 0, 0]);

    /// <summary>Brings it up and adds the address, where that is missing. What cannot be done is said, and what to do.</summary>
    public static void SetUp(ILogger logger)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Span<byte> request = stackalloc byte[RequestBytes];
        Name(request, Interface);
        if (Call(socket, GetFlags, request) is { } unknown)
        {
            NetworkLog.LoopbackDown(logger, "SIOCGIFFLAGS", unknown, unknown.Description);
            return;
        }

        var flags = BinaryPrimitives.ReadUInt16LittleEndian(request[NameBytes..]);
        var wasDown = (flags & Up) == 0;
        if (wasDown)
        {
            // With this the kernel gives it 127.0.0.1, but only as long as it has no other, and ::1.
            BinaryPrimitives.WriteUInt16LittleEndian(request[NameBytes..], (ushort)(flags | Up));
            if (Call(socket, SetFlags, request) is { } refused)
            {
                NetworkLog.LoopbackDown(logger, "SIOCSIFFLAGS", refused, refused.Description);
                return;
            }
        }

        if (HasFurtherAddress())
            return;
        var failure = Call(socket, SetAddress, Address(request, Second)) ?? Call(socket, SetMask, Address(request, Mask));
        if (failure is { Value: not FileExists } missing)
            NetworkLog.NoSecondAddress(logger, "SIOCSIFADDR", missing, missing.Description);
        else if (wasDown)
            NetworkLog.LoopbackUp(logger);
    }

    /// <summary>Whether glibc sees IPv4.</summary>
    private static bool HasFurtherAddress()
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(one => one.GetIPProperties().UnicastAddresses)
                .Any(one => one.Address.AddressFamily == AddressFamily.InterNetwork && !one.Address.Equals(IPAddress.Loopback));
        }
        catch (NetworkInformationException)
        {
            // Nobody tells; one that is there already is no failure.
            return false;
        }
    }

    private static Span<byte> Address(Span<byte> request, IPAddress address)
    {
        Name(request, Label);
        BinaryPrimitives.WriteUInt16LittleEndian(request[NameBytes..], (ushort)AddressFamily.InterNetwork);
        address.TryWriteBytes(request[(NameBytes + 4)..], out _);
        return request;
    }

    private static void Name(Span<byte> request, string name)
    {
        request.Clear();
        Encoding.ASCII.GetBytes(name, request);
    }

    /// <summary>Null when it was done.</summary>
    private static Errno? Call(Socket socket, uint request, Span<byte> argument) =>
        Control(socket.SafeHandle, request, argument) == 0 ? null : new Errno(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeHandle socket, nuint request, Span<byte> argument);
}
