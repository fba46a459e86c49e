using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Vsock</c>: what is set on each AF_VSOCK connection to an enclave.</summary>
internal sealed record VsockOptions
{
    /// <summary>Bytes given to the kernel in one write, 1 to 32400: larger ones are corrupted on some parent kernels.</summary>
    public int MaxWriteBytes { get; init; } = 28672;

    /// <summary>SO_VM_SOCKETS_BUFFER_SIZE in bytes; 0 leaves the kernel's default.</summary>
    public long BufferBytes { get; init; }

    /// <summary>When VMADDR_FLAG_TO_HOST is set.</summary>
    public ToHostMode ToHost { get; init; } = ToHostMode.Auto;

    public static VsockOptions Read(SectionReader section)
    {
        var defaults = new VsockOptions();
        return new VsockOptions
        {
            MaxWriteBytes = section.Number(defaults.MaxWriteBytes, 1, 32400),
            BufferBytes = section.Value(defaults.BufferBytes, ParseBufferBytes),
            ToHost = section.Enum(defaults.ToHost),
        };
    }

    // 128 is the kernel's own minimum; below it rounds up without a word.
    private static Parsed<long> ParseBufferBytes(string text) =>
        Values.Number(text, 0L, uint.MaxValue) is { Reason: null, Value: 0 or >= 128 } parsed
            ? parsed
            : new Mistake($"{Quoted.Text(text)} is neither 0 nor a number of bytes from 128 to {uint.MaxValue}");
}
