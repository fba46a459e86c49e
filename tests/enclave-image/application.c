/* The application in an image: serves HTTP on 127.0.0.1:6300, one request after the other, and says what it finds around it.
 *
 *   /              user, group and HTTPS_PROXY
 *   /resolve/NAME  the addresses of a name, by the C library's resolver
 *   /exit/CODE     answers, then ends with this exit code
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(unsigned short port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) {
        perror("application");
        exit(1);
    }
    return listener;
}

static void resolve(const char *name, char *body, size_t size) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found, *one;
    int error = getaddrinfo(name, NULL, &hints, &found);
    if (error != 0) {
        snprintf(body, size, "%s\n", gai_strerror(error));
        return;
    }
    for (one = found; one != NULL && strlen(body) + INET6_ADDRSTRLEN + 2 < size; one = one->ai_next) {
        char *end = body + strlen(body);
        if (getnameinfo(one->ai_addr, one->ai_addrlen, end, INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST) == 0)
            strcat(body, "\n");
    }
    freeaddrinfo(found);
}

int main(void) {
    int listener = listen_on(6300);
    const char *proxy = getenv("HTTPS_PROXY");
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("application serves\n");
    for (;;) {
        char request[2048] = "", path[256] = "", body[1024] = "";
        int client = accept(listener, NULL, NULL), code = -1;
        /* A connection without a request asks whether somebody serves. */
        if (client < 0 || read(client, request, sizeof request - 1) <= 0 || sscanf(request, "GET %255s", path) != 1) {
            close(client);
            continue;
        }
        if (sscanf(path, "/exit/%d", &code) == 1)
            snprintf(body, sizeof body, "ends\n");
        else if (strncmp(path, "/resolve/", 9) == 0)
            resolve(path + 9, body, sizeof body);
        else
            snprintf(body, sizeof body, "user=%d group=%d proxy=%s\n", (int)getuid(), (int)getgid(), proxy ? proxy : "");
        dprintf(client, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
        close(client);
        if (code >= 0)
            exit(code);
    }
}
