using System.Globalization;

namespace ParentProxy.Inside.Application;

/// <summary>Whom the application runs as. From the files, as an image need not have the libraries that others are asked by.</summary>
/// <param name="Name">The name; of a number without an entry, the number.</param>
/// <param name="Uid">The user's number.</param>
/// <param name="Gid">The number of the first group.</param>
/// <param name="Groups">The numbers of all groups, the first among them.</param>
/// <param name="Home">The home folder.</param>
internal sealed record ApplicationUser(string Name, uint Uid, uint Gid, uint[] Groups, string Home)
{
    /// <summary>Finds a user by name or number. A number need not have an entry: its group has the same number then.</summary>
    /// <param name="text">Name or number.</param>
    /// <param name="passwd">The file of users; another in tests.</param>
    /// <param name="group">The file of groups; another in tests.</param>
    /// <exception cref="ApplicationUserException">There is no such user.</exception>
    public static ApplicationUser Find(string text, string passwd = "/etc/passwd", string group = "/etc/group")
    {
        var isNumber = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        var entries = Lines(passwd).Where(fields => fields.Length >= 6).ToList();
        var entry = entries.Find(fields => fields[0] == text)
            ?? entries.Find(fields => isNumber && fields[2] == number.ToString(CultureInfo.InvariantCulture));
        if (entry is null)
        {
            return isNumber && number < uint.MaxValue
                ? new ApplicationUser(text, number, number, [number], "/")
                : throw new ApplicationUserException(
                    $"there is no user \"{text}\" in {passwd}: correct Enclave:Application:User (--user), add the user to the image "
                        + "(adduser), or name a number");
        }

        if (!uint.TryParse(entry[2], NumberStyles.None, CultureInfo.InvariantCulture, out var uid)
            || !uint.TryParse(entry[3], NumberStyles.None, CultureInfo.InvariantCulture, out var gid))
            throw new ApplicationUserException($"the entry of \"{text}\" in {passwd} has no numbers for the user and its group");
        var groups = Lines(group)
            .Where(fields => fields.Length >= 4 && fields[3].Split(',').Contains(entry[0], StringComparer.Ordinal))
            .Select(fields => uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : gid);
        return new ApplicationUser(entry[0], uid, gid, [.. groups.Prepend(gid).Distinct()], entry[5].Length > 0 ? entry[5] : "/");
    }

    /// <summary>The variables that tell a program who it is.</summary>
    public IEnumerable<KeyValuePair<string, string>> Environment =>
        [new("HOME", Home), new("USER", Name), new("LOGNAME", Name)];

    private static List<string[]> Lines(string path)
    {
        try
        {
            return [.. File.ReadLines(path).Select(line => line.Split(':'))];
        }
        catch (Exception ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
        {
            // An image of one program alone.
            return [];
        }
    }
}
