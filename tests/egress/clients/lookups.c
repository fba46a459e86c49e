/* Looks names up with getaddrinfo, several at a time, as the C library that it is built with does it.
 * usage: lookups COUNT AT_A_TIME SUFFIX; prints for each "MILLISECONDS ADDRESS" or "MILLISECONDS error MESSAGE" */
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static int count, next;
static const char *suffix;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void *look_up(void *nothing)
{
    for (;;) {
        char name[256], address[INET6_ADDRSTRLEN] = "error ";
        struct addrinfo hints, *found = NULL;
        pthread_mutex_lock(&gate);
        int number = next++;
        pthread_mutex_unlock(&gate);
        if (number >= count)
            return nothing;
        snprintf(name, sizeof name, "n%d.%s", number, suffix);
        memset(&hints, 0, sizeof hints);
        hints.ai_socktype = SOCK_STREAM;
        double started = now();
        int error = getaddrinfo(name, "443", &hints, &found);
        double took = now() - started;
        if (!error)
            inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, address, sizeof address);
        printf("%.1f %d %s%s\n", took, number, address, error ? gai_strerror(error) : "");
        if (found)
            freeaddrinfo(found);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    count = atoi(argv[1]);
    suffix = argv[3];
    int at_a_time = atoi(argv[2]);
    pthread_t threads[64];
    if (at_a_time > 64)
        return 2;
    for (int i = 0; i < at_a_time; i++)
        pthread_create(&threads[i], NULL, look_up, NULL);
    for (int i = 0; i < at_a_time; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
