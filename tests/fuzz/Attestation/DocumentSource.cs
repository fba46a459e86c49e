using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using ParentProxy.Attestation;
using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Fuzz.Attestation;

/// <summary>Makes cases: the originals as they are, then mutations of them.</summary>
/// <param name="seed">Each case follows from it and its number, but for keys and signatures.</param>
/// <param name="originals">Of which the first ten are ours.</param>
internal sealed class DocumentSource(int seed, IReadOnlyList<Original> originals) : ICaseSource<DocumentCase>
{
    private static readonly BigInteger Order = new(
        Item.Hex("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973"),
        isUnsigned: true,
        isBigEndian: true);

    private static readonly ulong[] Numbers =
        [0, 1, 7, 31, 32, 255, 256, 1UL << 31, 1UL << 32, 253_402_300_799_999, 253_402_300_800_000, 1UL << 63, ulong.MaxValue];

    private readonly Dictionary<Original, CborNode> _trees = [];

    /// <inheritdoc/>
    public DocumentCase Make(long number)
    {
        if (number < originals.Count)
        {
            var first = originals[(int)number];
            return new DocumentCase(number, first.Bytes, first, first.Policy, IsSignedAgain: false, "as it is");
        }

        var random = CaseRandom.Of(seed, number);

        // The vectors are many more, and only ours can be signed again.
        var original = random.Next(3) == 0 ? Pick(random, originals) : originals[random.Next(10)];
        var what = new StringBuilder();
        var tree = TreeOf(original);
        var isSigned = false;
        if (random.Next(6) != 0)
        {
            do
                what.Append(MutateTree(random, tree)).Append(", ");
            while (random.Next(3) == 0);
            isSigned = original.Key is not null && random.Next(2) == 0 && SignAgain(tree, original.Key);
        }

        var input = tree.Encode();
        if (what.Length == 0 || (!isSigned && random.Next(8) == 0))
        {
            do
                input = MutateBytes(random, input);
            while (random.Next(2) == 0);
            what.Append("bytes");
        }

        return new DocumentCase(number, input, original, Policy(random, original.Policy), isSigned, what.ToString().TrimEnd(' ', ','));
    }

    private static AttestationPolicy Policy(Random random, AttestationPolicy policy) => random.Next(6) switch
    {
        0 => policy with { Pins = PcrPins.None },
        1 => policy with { Nonce = null },
        2 => policy with { AllowDebug = true },
        _ => policy,
    };

    private static bool SignAgain(CborNode tree, ECDsa key)
    {
        if (tree is not { Major: 4, Items: [{ Major: 2 } header, _, { Major: 2 } payload, var signature] })
            return false;
        var signed = SignedPart.Of(new CborNode { Major = 4, Items = { header, new(), payload, new() } }.Encode());
        if (signed is not { } parts)
            return false;
        signature.Become(new CborNode
        {
            Major = 2,
            Content = TestDocument.Sign(key, HashAlgorithmName.SHA384, parts.Header, parts.Payload),
        });
        return true;
    }

    private CborNode TreeOf(Original original)
    {
        if (!_trees.TryGetValue(original, out var tree))
        {
            tree = CborNode.Parse(original.Bytes)!;
            foreach (var part in tree.All().Where(node => node.Major == 2).ToList())
            {
                // The payload, and the protected header.
                if (CborNode.Parse(part.Content) is { Major: 5 } map)
                    part.Items.Add(map);
            }

            _trees.Add(original, tree);
        }

        return tree.Copy();
    }

    private string MutateTree(Random random, CborNode tree)
    {
        var nodes = tree.All().ToList();
        var node = Pick(random, nodes);
        switch (random.Next(16))
        {
            case 0:
                node.ExtraWidth = random.Next(1, 4);
                return "longer form";
            case 1:
                node.IsIndefinite = !node.IsIndefinite;
                return "length";
            case 2:
                var tag = Pick(random, (ulong[])[0, 1, 2, 17, 18, 24, 55799]);
                node.Become(new CborNode { Major = 6, Value = tag, Items = { node.Copy() } });
                return "tag";
            case 3:
                node.Become(Odd(random));
                return "another type";
            case 4 or 5:
                var containers = nodes.Where(n => n.Major is 4 or 5 && n.Items.Count > 1).ToList();
                if (containers.Count > 0)
                    ChangeItems(random, Pick(random, containers));
                return "items";
            case 6:
                node.CountError = random.Next(2) == 0 ? 1 : -1;
                return "count";
            case 7 or 8:
                Splice(random, nodes, TreeOf(Pick(random, originals)));
                return "splice";
            case 9 or 10:
                var signature = nodes.LastOrDefault(n => n.Major == 2 && n.Content.Length == 96);
                if (signature is not null)
                    signature.Content = ChangeSignature(random, signature.Content);
                return "signature";
            case 11:
                node.Value = Pick(random, Numbers);
                return "number";
            case 12:
                // Certificates, mostly: a byte of a name, a date, an extension, a key, a signature.
                var certificates = nodes.Where(n => n.Major == 2 && n.Content.Length > 400 && n.Items.Count == 0);
                var certificate = Pick(random, certificates.DefaultIfEmpty(node).ToList());
                certificate.Content = MutateBytes(random, certificate.Content);
                return "certificate";
            default:
                var text = Pick(random, nodes.Where(n => n.Major is 2 or 3 && n.Items.Count == 0).DefaultIfEmpty(node).ToList());
                text.Content = random.Next(4) switch
                {
                    0 => [],
                    1 => [.. text.Content, 0],
                    2 => new byte[random.Next(3) == 0 ? 1025 : text.Content.Length],
                    _ => MutateBytes(random, text.Content),
                };
                return "content";
        }
    }

    private static void ChangeItems(Random random, CborNode container)
    {
        var size = container.Major == 5 ? 2 : 1;
        var count = container.Items.Count / size;
        var (one, other) = (random.Next(count) * size, random.Next(count) * size);
        var items = container.Items.GetRange(one, size).Select(item => item.Copy()).ToList();
        switch (random.Next(5))
        {
            case 0:
                container.Items.RemoveRange(one, size);
                break;
            case 1:
                container.Items.InsertRange(other, items);
                break;
            case 2:
                // A second one of the same key, in another form or with another value.
                if (random.Next(2) == 0)
                    items[0].ExtraWidth++;
                if (random.Next(2) == 0)
                    items[^1].Become(Odd(random));
                container.Items.InsertRange(random.Next(2) == 0 ? 0 : container.Items.Count, items);
                break;
            default:
                for (var i = 0; i < size; i++)
                    (container.Items[one + i], container.Items[other + i]) = (container.Items[other + i], container.Items[one + i]);
                break;
        }
    }

    private static void Splice(Random random, List<CborNode> nodes, CborNode other)
    {
        string[] keys = ["certificate", "cabundle", "pcrs", "module_id", "nonce", "timestamp"];
        if (random.Next(3) == 0)
        {
            // A part of the envelope: the payload of one with the signature of another.
            if (nodes[0] is { Major: 4, Items.Count: 4 } && other is { Major: 4, Items.Count: 4 } && random.Next(4) is var part)
                nodes[0].Items[part].Become(other.Items[part]);
            return;
        }

        var to = nodes.FirstOrDefault(n => n.Find("module_id") is not null);
        var from = other.All().FirstOrDefault(n => n.Find("module_id") is not null);
        for (var i = random.Next(1, 3); i > 0; i--)
        {
            var key = Pick(random, keys);
            if (from?.Find(key) is { } value)
                to?.Find(key)?.Become(value);
        }
    }

    private static byte[] ChangeSignature(Random random, byte[] signature)
    {
        var (r, s) = (signature[..48], signature[48..]);
        return random.Next(7) switch
        {
            0 or 1 => [.. r, .. Fixed(Order - Number(s))],
            2 => [.. s, .. r],
            3 => [.. new byte[48], .. s],
            4 => [.. r, .. Fixed(Order)],
            5 => signature[..^1],
            _ => MutateBytes(random, signature),
        };
    }

    private static BigInteger Number(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Fixed(BigInteger number)
    {
        var bytes = BigInteger.Abs(number).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[Math.Max(0, 48 - bytes.Length)], .. bytes];
    }

    private static CborNode Odd(Random random) => random.Next(9) switch
    {
        0 => new() { Major = 7, Value = 22 }, // null
        1 => new() { Major = 7, Value = 23 }, // undefined
        2 => new() { Major = 7, Value = 20 }, // false
        3 => new() { Major = 0, Value = Pick(random, Numbers) },
        4 => new() { Major = 1, Value = Pick(random, Numbers) },
        5 => new() { Major = 2, Content = new byte[random.Next(100)] },
        6 => new() { Major = 3, Content = Pick(random, (byte[][])[[], [0xFF], [.. "SHA384"u8], [.. "i-0"u8], [0x1B, 0x5B]]) },
        7 => new() { Major = 4 },
        _ => new() { Major = 5 },
    };

    private static byte[] MutateBytes(Random random, byte[] bytes)
    {
        if (bytes.Length == 0)
            return [0];
        var at = random.Next(bytes.Length);
        switch (random.Next(6))
        {
            case 0:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 6))..]];
            case 1:
                return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
            case 2:
                var from = random.Next(bytes.Length);
                return [.. bytes[..at], .. bytes[from..Math.Min(bytes.Length, from + random.Next(80))], .. bytes[at..]];
            case 3:
                return bytes[..at];
            default:
                bytes = [.. bytes];
                bytes[at] = random.Next(2) == 0 ? (byte)(bytes[at] ^ 1 << random.Next(8)) : (byte)random.Next(256);
                return bytes;
        }
    }

    private static T Pick<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
