using System.Globalization;

namespace ParentProxy.Commands.Doctor.Host;

/// <summary>Processors as the kernel lists them: <c>1,3-5</c>.</summary>
internal static class CpuList
{
    /// <summary>How many they are; null where the text is no such list.</summary>
    public static long? Count(string list)
    {
        var count = 0L;
        foreach (var range in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = range.Split('-');
            if (ends.Length > 2 || !Parse(ends[0], out var first) || !Parse(ends[^1], out var last) || last < first)
                return null;
            count += last - first + 1;
        }

        return count > 0 ? count : null;
    }

    private static bool Parse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
