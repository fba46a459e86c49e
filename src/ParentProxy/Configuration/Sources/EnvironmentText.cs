using System.Text;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sources;

/// <summary>
/// Variables as text, read as systemd reads an <c>EnvironmentFile=</c> (systemd.exec(5)). What a shell would expand stays as it is
/// written: there are no <c>$NAME</c>, no commands and no <c>export</c>.
/// </summary>
internal sealed class EnvironmentText
{
    private const char End = '\0';

    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
    private readonly List<(int Line, string Reason)> _ignored = [];
    private readonly string _text;
    private int _at;

    private EnvironmentText(string text) => _text = text;

    /// <summary>The variables; of two lines with one name the later holds.</summary>
    public IReadOnlyDictionary<string, string> Variables => _variables;

    /// <summary>What systemd does not take, or not every systemd alike: the number of the line, from 1, and why.</summary>
    public IReadOnlyList<(int Line, string Reason)> Ignored => _ignored;

    /// <summary>Reads the whole of a text, in which there is no NUL. Never throws.</summary>
    public static EnvironmentText Read(string text)
    {
        var reader = new EnvironmentText(text);
        while (reader.Peek() != End)
        {
            if (IsSpace(reader.Peek()))
                reader._at++;
            else if (reader.Peek() is '#' or ';')
                reader.SkipComment();
            else
                reader.ReadVariable();
        }

        return reader;
    }

    private void SkipComment()
    {
        while (!IsLineEnd(Peek()))
        {
            if (Next() != '\\' || Peek() == End)
                continue;

            // Before 254; from then on a comment ends with its line.
            if (IsLineEnd(Peek()))
                Ignore(_at, "the comment ends in a backslash: systemd before 254 takes the next line for a part of it, newer ones do not");
            _at++;
        }
    }

    private void ReadVariable()
    {
        // The first character belongs to the name, even a '='.
        var start = _at++;
        while (!IsLineEnd(Peek()) && Peek() != '=')
            _at++;
        var name = _text[start.._at].TrimEnd(' ', '\t');
        if (Peek() != '=')
        {
            Ignore(start, $"{Quoted.Text(name)} is no NAME=value: systemd ignores the line");
            return;
        }

        _at++;
        var value = ReadValue();
        if (IsName(name))
            _variables[name] = value;
        else if (name.StartsWith("export ", StringComparison.Ordinal))
            Ignore(start, $"{Quoted.Text(name)}: systemd knows no export and ignores the line; write the name alone");
        else
            Ignore(start, $"{Quoted.Text(name)} is no name of a variable (letters, digits and '_'): systemd ignores the line");
    }

    /// <summary>Quoted parts, one behind the other; then, up to the end of the line, what has no quotes.</summary>
    private string ReadValue()
    {
        var value = new StringBuilder();
        while (true)
        {
            switch (Peek())
            {
                case ' ' or '\t':
                    _at++;
                    break;
                case '\'' or '"':
                    ReadQuoted(value);
                    break;
                default:
                    ReadUnquoted(value);
                    return value.ToString();
            }
        }
    }

    private void ReadQuoted(StringBuilder value)
    {
        var start = _at;
        var quote = Next();
        while (Peek() != End)
        {
            var c = Next();
            if (c == quote)
                return;
            if (quote == '\'' || c != '\\')
                value.Append(c);
            else if (Peek() is '"' or '\\' or '`' or '$')
                value.Append(Next());
            else if (Peek() == '\n')
                _at++;
            else if (Peek() != End)
                value.Append(c).Append(Next());
        }

        Ignore(start, "the quotation mark is never closed: all of the file behind it is in this value");
    }

    private void ReadUnquoted(StringBuilder value)
    {
        // Blanks at the end do not count, unless a backslash is before them.
        var length = value.Length;
        while (!IsLineEnd(Peek()))
        {
            var c = Next();
            if (c != '\\')
                value.Append(c);
            else if (!IsLineEnd(Peek()))
                value.Append(Next());
            else if (Peek() != End)
                _at++;
            if (c is not (' ' or '\t'))
                length = value.Length;
        }

        value.Length = length;
    }

    private void Ignore(int at, string reason) => _ignored.Add((_text.AsSpan(0, at).Count('\n') + 1, reason));

    private char Peek() => _at < _text.Length ? _text[_at] : End;

    private char Next() => _text[_at++];

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\r';

    private static bool IsLineEnd(char c) => c is '\n' or '\r' or End;

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
