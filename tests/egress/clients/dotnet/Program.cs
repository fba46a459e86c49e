// usage: ParentProxy.EgressClient URL… | ParentProxy.EgressClient resolve NAME; HTTPS_PROXY and SSL_CERT_FILE are in the environment.
// One client for all URLs, one after the other; a URL that fails does not end it. Exit status 1 when any did.
using System.Net;
using System.Net.Sockets;

var failed = 0;
using var client = new HttpClient();
foreach (var url in args.SkipWhile(static arg => arg == "resolve"))
{
    try
    {
        Console.WriteLine(args[0] == "resolve"
            ? string.Join(' ', (await Dns.GetHostAddressesAsync(url)).Select(static address => address.ToString()))
            : await client.GetStringAsync(url));
    }
    catch (Exception ex) when (ex is HttpRequestException or SocketException)
    {
        Console.Error.WriteLine(ex.Message);
        failed = 1;
    }
}

return failed;
