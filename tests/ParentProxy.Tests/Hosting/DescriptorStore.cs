using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace ParentProxy.Tests.Hosting;

/// <summary>systemd's descriptor store: keeps the descriptors that come with messages, and starts the next process with them.</summary>
internal sealed partial class DescriptorStore : IDisposable
{
    private const int ReceiveCloseOnExec = 0x40000000;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Dictionary<string, int> _kept = [];
    private readonly Lock _gate = new();
    private readonly Thread _thread;

    public DescriptorStore(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _thread = new Thread(Receive) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The value of <c>NOTIFY_SOCKET</c>.</summary>
    public string Path { get; }

    /// <summary>The datagrams, in their order, with <c>|</c> for line ends.</summary>
    public OutputLines Datagrams { get; } = new();

    /// <summary>What is kept, by name.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_gate)
                return [.. _kept.Keys.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The environment of a process that may use it.</summary>
    public IReadOnlyDictionary<string, string> Environment =>
        new Dictionary<string, string> { ["NOTIFY_SOCKET"] = Path, ["FDSTORE"] = "16" };

    /// <summary>What a shell does to hand descriptors to the process that it becomes, as sd_listen_fds(3) has it.</summary>
    private static string Handing(IReadOnlyList<(string Name, int Descriptor)> descriptors)
    {
        // dash takes numbers of one digit alone. First out of the way of each other.
        var high = string.Concat(descriptors.Select((one, i) => $"exec {100 + i}<&{one.Descriptor} {one.Descriptor}<&-; "));
        var low = string.Concat(descriptors.Select((_, i) => $"exec {3 + i}<&{100 + i} {100 + i}<&-; "));
        var names = string.Join(':', descriptors.Select(one => one.Name));
        var script = $"{high}{low}export LISTEN_PID=$$ LISTEN_FDS={descriptors.Count} LISTEN_FDNAMES={names}; exec \"$@\"";
        return $"set -- /bin/bash -c '{script}' bash \"$@\"";
    }

    /// <summary>Starts the next process with all that is kept.</summary>
    public ProxyProcess StartNext(ProxyStart start, params IReadOnlyList<string> arguments)
    {
        lock (_gate)
            return StartWith([.. _kept.Select(one => (one.Key, one.Value))], start with { Environment = Environment }, arguments);
    }

    /// <summary>Starts a process with some of this one's descriptors, by the names that they go by there.</summary>
    public static ProxyProcess StartWith(
        IReadOnlyList<(string Name, int Descriptor)> descriptors, ProxyStart start, params IReadOnlyList<string> arguments)
    {
        lock (ProxyProcess.Starting)
        {
            foreach (var (_, descriptor) in descriptors)
                _ = Control(descriptor, SetDescriptorFlags, 0);
            try
            {
                return ProxyProcess.Start(start with { Shell = Handing(descriptors) }, arguments);
            }
            finally
            {
                foreach (var (_, descriptor) in descriptors)
                    _ = Control(descriptor, SetDescriptorFlags, CloseOnExec);
            }
        }
    }

    public void Dispose()
    {
        _socket.Shutdown(SocketShutdown.Both);
        _thread.Join();
        _socket.Dispose();
        lock (_gate)
        {
            foreach (var descriptor in _kept.Values)
                _ = Close(descriptor);
        }
    }

    private unsafe void Receive()
    {
        var text = new byte[4096];
        Span<byte> control = stackalloc byte[64];
        while (true)
        {
            nint length;
            var descriptor = -1;
            fixed (byte* into = text, ancillary = control)
            {
                var vector = new Vector { Base = into, Length = (nuint)text.Length };
                var head = new Message { Vectors = &vector, VectorCount = 1, Control = ancillary, ControlLength = (nuint)control.Length };
                length = ReceiveMessage((int)_socket.SafeHandle.DangerousGetHandle(), &head, ReceiveCloseOnExec);
                if (length <= 0)
                    break;
                if (head.ControlLength > 0)
                    descriptor = MemoryMarshal.Read<int>(control[16..]);
            }

            var message = Encoding.UTF8.GetString(text, 0, (int)length);
            Take(message.Split('\n'), descriptor);
            Datagrams.Add(message.Replace('\n', '|'));
        }

        Datagrams.Add(null);
    }

    private void Take(string[] lines, int descriptor)
    {
        var name = lines.FirstOrDefault(line => line.StartsWith("FDNAME=", StringComparison.Ordinal))?["FDNAME=".Length..] ?? "stored";
        lock (_gate)
        {
            if (lines.Contains("FDSTOREREMOVE=1") && _kept.Remove(name, out var removed))
                _ = Close(removed);
            if (descriptor < 0)
                return;
            if (lines.Contains("FDSTORE=1"))
                _kept.Add(name, descriptor);
            else
                _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "recvmsg")]
    private static unsafe partial nint ReceiveMessage(int socket, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command, int argument);

    private unsafe struct Vector
    {
        public byte* Base;
        public nuint Length;
    }

    private unsafe struct Message
    {
        public byte* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
