using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>An operation on a vsock failed: the error by name, what it means there, and what an operator can do.</summary>
public sealed class VsockException : IOException
{
    /// <summary>Makes the exception; meaning, hint and message follow from the arguments.</summary>
    /// <param name="errno">The kernel's error.</param>
    /// <param name="operation">What was tried: socket, setsockopt, connect, bind, listen, accept, read, write or shutdown.</param>
    /// <param name="endPoint">The address that was dialled, bound or talked to; null where there is none.</param>
    /// <param name="innerException">The exception behind this one, if any.</param>
    public VsockException(Errno errno, string operation, VsockEndPoint? endPoint = null, Exception? innerException = null)
        : this(errno, operation, endPoint, innerException, VsockErrors.Explain(errno, operation))
    {
    }

    private VsockException(Errno errno, string operation, VsockEndPoint? endPoint, Exception? innerException, VsockErrors.Explanation why)
        : base(Format(errno, operation, endPoint, why), innerException)
    {
        Errno = errno;
        Operation = operation;
        EndPoint = endPoint;
        Meaning = why.Meaning;
        Hint = why.Hint;
    }

    /// <summary>The kernel's error; <see cref="Errno.Unknown"/> where the runtime lost it.</summary>
    public Errno Errno { get; }

    /// <summary>The address that was dialled, bound or talked to; null where there is none.</summary>
    public VsockEndPoint? EndPoint { get; }

    /// <summary>What was tried: socket, setsockopt, connect, bind, listen, accept, read, write or shutdown.</summary>
    public string Operation { get; }

    /// <summary>What the error means on vsock for this operation, in a few words.</summary>
    public string Meaning { get; }

    /// <summary>What to look at or do, in one or two sentences.</summary>
    public string Hint { get; }

    /// <summary>A failure of the socket below a connection.</summary>
    /// <param name="failure">What the socket threw; other than a <see cref="SocketException"/> when this side closed it.</param>
    /// <param name="operation">What was tried: read, write or shutdown.</param>
    /// <param name="remote">The peer; null where it is not known.</param>
    internal static VsockException From(Exception failure, string operation, VsockEndPoint? remote)
    {
        Errno errno = failure is SocketException { SocketErrorCode: not SocketError.OperationAborted } e
            ? Errno.FromSocketError(e.SocketErrorCode)
            : Errno.ECANCELED;
        return new VsockException(errno, operation, remote, failure);
    }

    private static string Format(Errno errno, string operation, VsockEndPoint? endPoint, VsockErrors.Explanation why)
    {
        ArgumentException.ThrowIfNullOrEmpty(operation);
        string where = endPoint is null ? operation : $"{operation} {endPoint}";
        return $"{where}: {errno.Name} ({why.Meaning}): {why.Hint}";
    }
}
