using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ParentProxy.Sockets;

/// <summary>
/// Has the kernel ignore the SYNs that come to a listening TCP socket, as if they had been lost, while handshakes that have
/// begun still come to their end. Whoever is ignored asks again after a second, and finds the port closed.
/// </summary>
/// <remarks>A program of the classic BSD packet filter: socket(7), SO_ATTACH_FILTER; RFC 9293 section 3.1 for the flags.</remarks>
internal static unsafe class SynFilter
{
    private const int SolSocket = 1;
    private const int SoAttachFilter = 26;

    private const ushort LoadByte = 0x30;
    private const ushort JumpIfAnySet = 0x45;
    private const ushort Return = 0x06;

    /// <summary>Where the flags stand in the header of a segment.</summary>
    private const uint Flags = 13;

    private const uint Syn = 0x02;
    private const uint Nothing = 0;
    private const uint All = uint.MaxValue;

    private static readonly Instruction[] Program =
    [
        new(LoadByte, 0, 0, Flags),
        new(JumpIfAnySet, 0, 1, Syn),
        new(Return, 0, 0, Nothing),
        new(Return, 0, 0, All),
    ];

    /// <summary>Attaches it for good; false where there are no SYNs, the socket is closed, or the system does not let us.</summary>
    public static bool TryAttach(Socket socket)
    {
        if (socket.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
            return false;
        fixed (Instruction* first = Program)
        {
            var attached = new Attached((ushort)Program.Length, first);
            try
            {
                socket.SetRawSocketOption(SolSocket, SoAttachFilter, new ReadOnlySpan<byte>(&attached, sizeof(Attached)));
                return true;
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>One instruction, as <c>struct sock_filter</c> has it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    /// <summary>The program, as <c>struct sock_fprog</c> has it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Attached(ushort count, Instruction* first)
    {
        private readonly ushort _count = count;
        private readonly Instruction* _first = first;
    }
}
