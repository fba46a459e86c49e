using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// The platform configuration registers. 0 to 2 stand for the image: PCR<c>i</c> is the SHA-384 of the text <c>NAME:i</c>. 3 (the role
/// of the parent), 4 (the id of its instance), and those that were set since, are extended from zeros as the real ones are: SHA-384 of
/// 48 zero bytes and a text. 0 to 15 are always there, 16 to 31 only if they were set.
/// </summary>
internal sealed record PlatformRegisters(string Image, bool Debug, ImmutableDictionary<int, string> Extended)
{
    public const int Count = 32;
    private const int Fixed = 16;
    private const int SignerRegister = 8;

    /// <summary>Whether a register is for applications or for the signer of the image, and not for what the platform measures.</summary>
    public static bool CanSet(int index) => index is SignerRegister or (>= Fixed and < Count);

    /// <summary>Their values in the order of their numbers.</summary>
    public IEnumerable<KeyValuePair<int, byte[]>> Read()
    {
        for (var i = 0; i < Count; i++)
        {
            if (i < Fixed || Extended.ContainsKey(i))
                yield return new(i, Read(i));
        }
    }

    // Real documents of debug mode show it: what stands for the image is zero, what stands for the parent is not.
    private byte[] Read(int index) => index switch
    {
        0 or 1 or 2 or SignerRegister when Debug => new byte[SHA384.HashSizeInBytes],
        0 or 1 or 2 => SHA384.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Image}:{index}"))),
        _ when Extended.TryGetValue(index, out var text) =>
            SHA384.HashData([.. new byte[SHA384.HashSizeInBytes], .. Encoding.UTF8.GetBytes(text)]),
        _ => new byte[SHA384.HashSizeInBytes],
    };
}
