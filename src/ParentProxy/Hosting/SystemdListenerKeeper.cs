using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ParentProxy.Sockets.Passing;

namespace ParentProxy.Hosting;

/// <summary>
/// The file descriptor store of systemd (FileDescriptorStoreMax= of the unit), which outlives a restart and a crash, and is emptied when
/// the unit is stopped.
/// </summary>
internal sealed partial class SystemdListenerKeeper : IListenerKeeper
{
    private const string Variable = "FDSTORE";

    private const int Unix = 1;
    private const int Datagram = 2;
    private const int CloseOnExec = 0x80000;
    private const int NoSignal = 0x4000;
    private const int SolSocket = 1;
    private const int Rights = 1;

    /// <summary>How long systemd may take to close what it is told to.</summary>
    private const int PatienceMilliseconds = 5000;

    private readonly byte[] _address;

    private SystemdListenerKeeper(byte[] address) => _address = address;

    /// <summary>The store of the unit that this process is the main one of; null where there is none.</summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    public static SystemdListenerKeeper? Of(Func<string, string?> environment)
    {
        // systemd tells of it from version 254 on; for earlier ones the unit does.
        if (!int.TryParse(environment(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size == 0)
            return null;
        return environment("NOTIFY_SOCKET") is [('/' or '@'), ..] name ? new SystemdListenerKeeper(AddressOf(name)) : null;
    }

    /// <inheritdoc/>
    public void Keep(string name, SafeHandle socket)
    {
        var isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);

            // systemd would give up a socket that is bound and does not listen yet, which looks broken to a poll.
            Send($"FDSTORE=1\nFDNAME={name}\nFDPOLL=0", (int)socket.DangerousGetHandle());
        }
        finally
        {
            if (isHeld)
                socket.DangerousRelease();
        }
    }

    /// <inheritdoc/>
    public void Forget(string name)
    {
        Send($"FDSTOREREMOVE=1\nFDNAME={name}", descriptor: null);

        // Closed once what was sent before it is done (sd_notify_barrier(3)).
        Span<int> pipe = stackalloc int[2];
        if (OpenPipe(pipe, CloseOnExec) != 0)
            return;
        Send("BARRIER=1", pipe[1]);
        _ = Close(pipe[1]);
        var wait = new PollEntry { Descriptor = pipe[0] };
        _ = Poll(ref wait, 1, PatienceMilliseconds);
        _ = Close(pipe[0]);
    }

    /// <summary>struct sockaddr_un, as long as it has to be: a path ends with 0, an abstract name begins with it.</summary>
    private static byte[] AddressOf(string name)
    {
        var path = Encoding.UTF8.GetBytes(name[0] == '@' ? "\0" + name[1..] : name + "\0");
        return [Unix, 0, .. path];
    }

    private unsafe void Send(string message, int? descriptor)
    {
        var number = OpenSocket(Unix, Datagram | CloseOnExec, 0);
        if (number < 0)
            return;
        var bytes = Encoding.UTF8.GetBytes(message);
        var control = new Control { Level = SolSocket, Type = Rights };

        // CMSG_LEN: without the padding at its end.
        control.Length = (nuint)sizeof(Control) - sizeof(int);
        fixed (byte* address = _address, text = bytes)
        {
            var vector = new Vector { Base = text, Length = (nuint)bytes.Length };
            var head = new Message { Name = address, NameLength = (uint)_address.Length, Vectors = &vector, VectorCount = 1 };
            if (descriptor is { } passed)
            {
                control.Descriptor = passed;
                head.Control = &control;
                head.ControlLength = (nuint)sizeof(Control);
            }

            // A service manager that does not hear us keeps nothing: the port is closed for the time of the restart then.
            _ = SendMessage(number, &head, NoSignal);
        }

        _ = Close(number);
    }

    [LibraryImport("libc", EntryPoint = "socket")]
    private static partial int OpenSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "sendmsg")]
    private static unsafe partial nint SendMessage(int socket, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "pipe2")]
    private static partial int OpenPipe(Span<int> ends, int flags);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollEntry entries, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    // struct iovec
    private unsafe struct Vector
    {
        public byte* Base;
        public nuint Length;
    }

    // struct msghdr
    private unsafe struct Message
    {
        public byte* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public Control* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct cmsghdr with one descriptor, to the size that CMSG_SPACE has for it.</summary>
    private struct Control
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int Descriptor;
        public int Padding;
    }

    // struct pollfd
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
