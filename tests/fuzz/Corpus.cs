using System.Text;

namespace ParentProxy.Fuzz;

/// <summary>Valid responses as servers send them, and fragments to put into them.</summary>
internal static class Corpus
{
    /// <summary>Whole connections: one response or several.</summary>
    public static readonly byte[][] Samples =
    [
        .. new[]
        {
            "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 01 Nov 2025 10:00:00 GMT\r\n"
                + "Content-Type: text/html; charset=utf-8\r\nContent-Length: 12\r\nConnection: keep-alive\r\nETag: \"65-c\"\r\n"
                + "Accept-Ranges: bytes\r\n\r\n<p>hello</p>",
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Sat, 01 Nov 2025 10:00:00 GMT\r\n"
                + "transfer-encoding: chunked\r\n\r\n1c\r\n{\"a\":1,\"b\":[true,null,\"\xC3\xA9\"]}\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n6;name=\"va;lue\"\r\n world\r\n"
                + "0\r\nX-Sum: abc\r\nx-more:\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nLocation: /x/1\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\n\r\n"
                + "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05Hello",
            "HTTP/1.1 204 No Content\r\nDate: Sat, 01 Nov 2025 10:00:00 GMT\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 304 Not Modified\r\nETag: W/\"1\"\r\nContent-Length: 5000\r\n\r\n",
            "HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nContent-type: text/plain\r\nContent-Length: 4\r\n\r\nabcd",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5, max=100\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n\n",
            "HTTP/1.1 200\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 404 Not Found\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=15\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 500 Internal Server Error\r\nX-Powered-By: Express\r\nSet-Cookie: a=b; Path=/; HttpOnly\r\n"
                + "Set-Cookie: c=\xE9\xFF\r\nX-Empty:\r\nX-Tab:\ta\tb\t\r\nContent-Length: 3\r\n\r\nerr",
            "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n\0\0\0\0\x02hi\r\n0\r\n"
                + "grpc-status: 0\r\ngrpc-message: OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n0\r\ngrpc-status: 12\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nX: 2\r\nContent-Length: 1\r\n\r\n"
                + "bHTTP/1.1 200 OK\r\nX: 2\r\nContent-Length: 2\r\n\r\ncd",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\r\r\n1\r\n\n\r\n2\r\n\r\n\r\n5\r\n0\r\n\r\n\r\n0000\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n"
                + "Transfer-Encoding: chunked\r\nHost: x\r\nA: b\r\n\r\n",
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n"
                + "Connection: upgrade, close\r\nContent-Length: 0\r\n\r\n",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    /// <summary>Lines that change much.</summary>
    public static readonly string[] Lines =
    [
        "Content-Length: 5", "Content-Length: 0", "content-length: 3, 3", "Content-Length:", "Content-Length: 9223372036854775807",
        "Content-Length: 9223372036854775808", "Content-Length : 5", "Content-Length: 5,", "Content-Length: 1, 2",
        "Transfer-Encoding: chunked", "transfer-encoding:\tChunked ",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding:", "Transfer-Encoding: identity",
        "Transfer-Encoding : chunked", " Transfer-Encoding: chunked", "Connection: close",
        "Connection: keep-alive, Upgrade, X-Hop,,", "Keep-Alive: timeout=5",
        "Keep-Alive: timeout = 99999999999, timeout=7 ,TIMEOUT=", "Upgrade: websocket", "Trailer: X-Sum", "Host: x", ": x", "x",
        " folded", "\tfolded", "", " ", "X: \0", "X\xE9: y",
        "HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 100 Continue", "HTTP/1.1 204 No Content", "0", "5", "00000000000000000005",
        "7fffffffffffffff", "8000000000000000",
        "ffffffffffffffffffff", "5;a=b", "5 ;a", "5 ", " 5", "+5", "-5", "0x5", "5;\"", "g",
    ];

    /// <summary>What may stand where CR LF stands.</summary>
    public static readonly string[] LineEnds =
        ["\n", "\r", "", "\n\r", "\r\r\n", "\r\n\r\n", "\r\n\n", "\r\n ", "\r\n\t", " \r\n", "\0\r\n", "\r\n\0", "\x85", "\r\x0B\n"];

    /// <summary>What may stand where a number stands.</summary>
    public static readonly string[] Numbers =
    [
        "0", "1", "2", "-1", "+1", "1 ", " 1", "00", "01", "0x1", "1e1", "1.0", "1,1", "1, 2", "a", "F", "099", "100", "101",
        "199", "200", "204", "304", "599", "600", "999", "1000",
        "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "18446744073709551621",
        "7fffffffffffffff", "8000000000000000", "ffffffffffffffff", "10000000000000000", "99999999999999999999999999999999999999",
        "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000005",
    ];

    /// <summary>Bytes with a meaning.</summary>
    public static readonly byte[] Octets = Encoding.Latin1.GetBytes("\0\t\n\v\r !\"(),/:;<=>@[\\]{}\x7F\x80\x85\xA0\xFF");

    /// <summary>Words that are found in responses.</summary>
    public static readonly string[] Tokens =
    [
        "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/", "http/1.1", "HTTP/1.", "200", "100", "101", "204", "304", "OK",
        "Content-Length", "Transfer-Encoding", "chunked",
        "Connection", "close", "keep-alive", "upgrade", "Keep-Alive", "timeout=", "Upgrade", "Trailer", ":", ": ", "\r\n",
        "\r\n\r\n", "0\r\n\r\n", "0\r\n", ",", ";", "=",
    ];
}
