using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace ParentProxy.Html;

/// <summary>
/// Writes HTML from interpolated strings: what stands in the source is markup, what is filled in is text and gets encoded.
/// There is no other way in, so that no name, error or setting can become markup.
/// </summary>
internal sealed class HtmlWriter
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _text = new();

    /// <summary>Writes a piece, which is done when this is called: the compiler hands each part to <see cref="Piece"/> before.</summary>
    public HtmlWriter Add([InterpolatedStringHandlerArgument("")] Piece piece) => this;

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>What the compiler makes of an interpolated string. Attribute values stand between double quotes.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Piece
    {
        private readonly HtmlWriter _html;

        /// <summary>Called by the compiler.</summary>
        public Piece(int literalLength, int formattedCount, HtmlWriter html)
        {
            _html = html;
            html._text.EnsureCapacity(html._text.Length + literalLength + (8 * formattedCount));
        }

        /// <summary>Markup, which stands in the source as it is written.</summary>
        public void AppendLiteral(string markup) => _html._text.Append(markup);

        /// <summary>Text, which is encoded; null writes nothing.</summary>
        public void AppendFormatted(string? text)
        {
            if (text is not null)
                _html._text.Append(Encoder.Encode(text));
        }

        /// <summary>A number or the like, as text.</summary>
        public void AppendFormatted<T>(T value, string? format = null)
            where T : IFormattable => AppendFormatted(value.ToString(format, CultureInfo.InvariantCulture));

        /// <summary>A style sheet or script of ours, as it is.</summary>
        public void AppendFormatted(Asset asset) => _html._text.Append(asset.Text);

        /// <summary>A part of the page that is written elsewhere.</summary>
        public void AppendFormatted(Action<HtmlWriter> part) => part(_html);
    }
}
