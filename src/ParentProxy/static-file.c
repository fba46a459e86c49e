/* Linked into the static file alone (StaticExecutable=true), which has its C library in itself and must load none beside it.
 *
 * glibc's dlopen works in a static file, too: it brings a second libc with what it loads, whose thread-local variables are put over
 * those of threads that are running. Memory is destroyed then, seconds later and somewhere else (glibc 2.36, libssl of Debian 12). So
 * there is none: what wants a library, OpenSSL above all, finds that it is missing, and says so.
 */
#include <stdlib.h>

void *dlopen(const char *file, int mode) {
    (void)file, (void)mode;
    return NULL;
}

#ifdef __GLIBC__
#include <nss.h>

/* Names of hosts, users and groups are looked up by libraries as well, those of the image's nsswitch.conf; these two are built in. */
__attribute__((constructor)) static void look_up_without_libraries(void) {
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
}
#endif
