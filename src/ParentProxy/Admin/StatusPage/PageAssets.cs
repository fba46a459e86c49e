using System.Security.Cryptography;
using System.Text;
using ParentProxy.Html;

namespace ParentProxy.Admin.StatusPage;

/// <summary>Style and script, which are part of the page: it needs nothing else, also where nothing else can be reached.</summary>
internal static class PageAssets
{
    /// <summary>The content of <c>status.css</c>.</summary>
    public static Asset Style { get; } = Read("status.css");

    /// <summary>The content of <c>status.js</c>.</summary>
    public static Asset Script { get; } = Read("status.js");

    /// <summary>
    /// Nothing is loaded from anywhere but the page itself, and only this style and this script run. The one kind of image is
    /// the icon of the tab, which stands in the page.
    /// </summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src '{Hash(Style)}'; script-src '{Hash(Script)}'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static Asset Read(string name)
    {
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not in the assembly.");
        using var reader = new StreamReader(stream);

        // A browser reads every line end as one line feed before it compares the hash.
        return new Asset(reader.ReadToEnd().ReplaceLineEndings("\n"));
    }

    private static string Hash(Asset asset) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(asset.Text)))}";
}
