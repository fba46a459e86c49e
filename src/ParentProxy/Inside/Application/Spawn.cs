using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Inside.Application;

/// <summary>
/// Starts a program by <c>posix_spawn</c>. Not by the runtime's <c>Process</c>: that one reaps orphans only as PID 1, cannot tell
/// a signal from an exit code above 128, hands on a pipe as standard input, and leaves the program in the group that a terminal
/// signals, so that it would get Ctrl+C twice.
/// </summary>
internal static unsafe partial class Spawn
{
    private const string NoInput = "/dev/null";
    private const int ENOENT = 2;
    private const int ENOEXEC = 8;
    private const int EPERM = 1;
    private const int E2BIG = 7;
    private const int EAGAIN = 11;
    private const int ENOMEM = 12;
    private const int EACCES = 13;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;

    // More than any C library takes: 336 and 80 bytes of glibc and musl, 128 of a set of signals.
    private const int AttributesBytes = 1024;
    private const int ActionsBytes = 512;
    private const int SignalSetBytes = 128;

    /// <summary>Starts a program, in a session of its own, with <c>/dev/null</c> as standard input and no signal ignored.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="arguments">Its arguments, the first of them its name.</param>
    /// <param name="environment">All of its variables.</param>
    /// <param name="user">Whom it runs as; null for the user of this process.</param>
    /// <param name="output">Its standard output; null for that of this process.</param>
    /// <param name="error">Its standard error; null for that of this process.</param>
    /// <returns>The process, which somebody has to wait for.</returns>
    /// <exception cref="ApplicationStartException">It did not start, and there is no process.</exception>
    public static int Start(
        string file,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        ApplicationUser? user,
        SafeFileHandle? output,
        SafeFileHandle? error)
    {
        var variables = environment.Select(variable => $"{variable.Key}={variable.Value}").ToList();
        if (user is null)
            return Check(file, user, Start(file, arguments, variables, output, error));

        // To the kernel, user and groups belong to a thread; the C library alone makes them the same for all threads of a process.
        // So a thread becomes that user, by the kernel's own calls, the child inherits it, and then the thread ends: no other
        // thread was that user, no program in between has to be started, and nothing is left that could become root again.
        (int Pid, int Errno) result = default;
        var thread = new Thread(() => result = Credentials.Become(user) is var errno and > 0
            ? (0, errno)
            : Start(file, arguments, variables, output, error))
        {
            Name = "start as user",
        };
        thread.Start();
        thread.Join();
        return Check(file, user, result);
    }

    private static (int Pid, int Errno) Start(
        string file, IReadOnlyList<string> arguments, List<string> environment, SafeFileHandle? output, SafeFileHandle? error)
    {
        var attributes = NativeMemory.AllocZeroed(AttributesBytes);
        var actions = NativeMemory.AllocZeroed(ActionsBytes);
        var none = stackalloc byte[SignalSetBytes];
        var all = stackalloc byte[SignalSetBytes];
        var argv = Strings(arguments);
        var envp = Strings(environment);
        var areReferenced = false;
        var areReferencedToo = false;
        try
        {
            output?.DangerousAddRef(ref areReferenced);
            error?.DangerousAddRef(ref areReferencedToo);
            new Span<byte>(none, SignalSetBytes).Clear();
            var errno = First(
                sigfillset(all),
                posix_spawnattr_init(attributes),
                posix_spawnattr_setflags(attributes, SetSignalDefaults | SetSignalMask | SetSession),
                posix_spawnattr_setsigmask(attributes, none),

                // The runtime ignores SIGPIPE, and what is ignored stays so: a program in a pipeline would not end with its reader.
                posix_spawnattr_setsigdefault(attributes, all),
                posix_spawn_file_actions_init(actions),
                posix_spawn_file_actions_addopen(actions, 0, NoInput, 0, 0),
                output is null ? 0 : posix_spawn_file_actions_adddup2(actions, (int)output.DangerousGetHandle(), 1),
                error is null ? 0 : posix_spawn_file_actions_adddup2(actions, (int)error.DangerousGetHandle(), 2));
            var pid = 0;
            if (errno == 0)
                errno = posix_spawn(out pid, file, actions, attributes, argv, envp);
            return (pid, errno);
        }
        finally
        {
            if (areReferenced)
                output!.DangerousRelease();
            if (areReferencedToo)
                error!.DangerousRelease();
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            NativeMemory.Free(actions);
            NativeMemory.Free(attributes);
            Free(argv);
            Free(envp);
        }
    }

    private static int Check(string file, ApplicationUser? user, (int Pid, int Errno) result) => result.Errno switch
    {
        0 => result.Pid,
        ENOENT when !File.Exists(NoInput) => throw Failure(
            126, true, "ENOENT", $"there is no {NoInput}, its standard input: mount devtmpfs on /dev, or add the device to the image"),
        ENOENT when File.Exists(file) => throw Failure(
            126, true, "ENOENT", "the file is there, but what runs it is not: the interpreter of its first line (#!), or the dynamic "
                + "loader of another C library. Add that to the image, or build the program for this one"),
        ENOENT => throw Failure(127, true, "ENOENT", "there is no such file: correct Enclave:Application:Command"),
        EACCES => throw Failure(
            126, true, "EACCES", "it may not be executed: chmod +x the file, and see that its folders may be searched"
                + (user is null ? "" : $" by {user.Name}")),
        ENOEXEC => throw Failure(
            126, true, "ENOEXEC", "it is no program of this machine: it was built for another one, or is a script without a first line "
                + "like #!/bin/sh"),
        EPERM when user is not null => throw Failure(
            126, true, "EPERM", $"this process may not become {user.Name}: start it as root, with CAP_SETUID and CAP_SETGID"),
        E2BIG => throw Failure(126, true, "E2BIG", "arguments and environment are too large"),
        EAGAIN => throw Failure(126, false, "EAGAIN", "there may be no more processes: see RLIMIT_NPROC and pids.max"),
        ENOMEM => throw Failure(126, false, "ENOMEM", "there is no memory left: give the enclave more (--memory)"),
        var errno => throw Failure(126, true, $"errno {errno}", new Win32Exception(errno).Message),
    };

    private static ApplicationStartException Failure(int exitCode, bool isPermanent, string errno, string meaning)
        => new(exitCode, isPermanent, $"{errno}: {meaning}");

    private static int First(params ReadOnlySpan<int> errors) => errors.IndexOfAnyExcept(0) is var i and >= 0 ? errors[i] : 0;

    private static byte** Strings(IReadOnlyList<string> texts)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)(texts.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Count; i++)
            array[i] = Utf8StringMarshaller.ConvertToUnmanaged(texts[i]);
        return array;
    }

    private static void Free(byte** strings)
    {
        for (var one = strings; *one is not null; one++)
            Utf8StringMarshaller.Free(*one);
        NativeMemory.Free(strings);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(out int pid, string path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(void* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(void* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(void* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(void* actions, int descriptor, int newDescriptor);

    [LibraryImport("libc")]
    private static partial int sigfillset(byte* signals);
}
