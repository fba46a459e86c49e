/*
 * What the native file does before .NET begins. The runtime unpacks its types into 10 MB of the program's zero pages, one page fault
 * for each 4 KiB of them: a tenth of the time until the first request. Large pages, or at least all pages in one call, cost next to
 * nothing. A kernel that has neither answers EINVAL, and the faults remain.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* The linker's: where .bss begins, and where all zero pages end. */
extern char __bss_start[], _end[];

__attribute__((constructor)) static void prepare(void)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)__bss_start + page - 1) & ~(page - 1);
    uintptr_t end = (uintptr_t)_end & ~(page - 1);

    if (start < end) {
        madvise((void *)start, end - start, MADV_HUGEPAGE);
        madvise((void *)start, end - start, MADV_POPULATE_WRITE);
    }
}
