using System.Globalization;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>
/// A file that becomes <c>file.1</c> when it is full, <c>file.1</c> then <c>file.2</c> and so on. It may as well be moved,
/// deleted or emptied by somebody else (logrotate): that is seen before each write.
/// </summary>
/// <remarks>
/// Serilog.Sinks.File goes on writing to the file that was moved or deleted, leaves a hole in one that was emptied, takes
/// another name for its newest file at each change, leaves half a line behind on a full disk, and, once the
/// folder was missing, does not try again for 30 minutes.
/// </remarks>
/// <param name="path">The file.</param>
/// <param name="maxBytes">Bytes over which it is exchanged; 0: never.</param>
/// <param name="maxFiles">Files that are kept, the one that is written included.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where is told that the file could not be exchanged.</param>
internal sealed class FileTarget(string path, long maxBytes, int maxFiles, TimeProvider time, ILogger logger) : ILineTarget
{
    /// <summary>From one attempt to exchange the file that failed to the next, and so from one warning to the next.</summary>
    private static readonly TimeSpan RotateAgain = TimeSpan.FromMinutes(1);

    /// <summary>Clients' addresses are not for everybody on the machine.</summary>
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private FileStream? _file;
    private string? _place;
    private long? _failed;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> lines)
    {
        if (_file is null || Place(_file) != _place)
            Open();

        // Not where the last write ended: the file may have been emptied since.
        var length = RandomAccess.GetLength(_file!.SafeFileHandle);
        if (maxBytes > 0 && length > 0 && length + lines.Length > maxBytes && TryRotate())
        {
            Open();
            length = RandomAccess.GetLength(_file.SafeFileHandle);
        }

        try
        {
            RandomAccess.Write(_file.SafeFileHandle, lines, length);
        }
        catch (IOException)
        {
            // No half of a line stays for the next to be glued to.
            CutTo(length);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    /// <summary>
    /// Where the open file is now: another place than before, or one marked as deleted, when somebody has taken it away.
    /// </summary>
    private static string? Place(FileStream file)
    {
        var descriptor = file.SafeFileHandle.DangerousGetHandle().ToString(CultureInfo.InvariantCulture);
        return File.ResolveLinkTarget($"/proc/self/fd/{descriptor}", returnFinalTarget: false)?.FullName;
    }

    private void Open()
    {
        Close();
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = Mode,
        });
        _place = Place(_file);
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    /// <summary>Moves the file away; false when that is not possible: better a file that is too large than lines that are lost.</summary>
    private bool TryRotate()
    {
        if (_failed is { } failed && time.GetElapsedTime(failed) < RotateAgain)
            return false;
        try
        {
            Rotate();
            _failed = null;
            return true;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            _failed = time.GetTimestamp();
            AccessLogWarnings.NotRotated(logger, path, ex.Message, RotateAgain);
            return false;
        }
    }

    private void Rotate()
    {
        if (maxFiles == 1)
        {
            File.Delete(path);
            return;
        }

        // Only up to the first gap: attempts that fail again and again would move the older files over the edge.
        var last = 1;
        while (last < maxFiles - 1 && File.Exists(Numbered(last)))
            last++;
        for (var n = last; n >= 1; n--)
        {
            var older = n == 1 ? path : Numbered(n - 1);
            if (File.Exists(older))
                File.Move(older, Numbered(n), overwrite: true);
        }
    }

    private string Numbered(int n) => string.Create(CultureInfo.InvariantCulture, $"{path}.{n}");

    private void CutTo(long length)
    {
        try
        {
            RandomAccess.SetLength(_file!.SafeFileHandle, length);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A device, for example, that has no length.
        }
    }
}
