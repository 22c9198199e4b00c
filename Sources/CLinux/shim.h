/* What Linux offers and Swift's Glibc module leaves out. */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

/* From <string.h>, where it hides behind _GNU_SOURCE. */
extern void *memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);

/* From <sched.h>, likewise. `mask` has `size` bytes, one bit for each processor. */
extern int sched_getaffinity(int pid, size_t size, void *mask);

/* From <spawn.h>, likewise: the child closes every descriptor from `from` on. `actions` is a posix_spawn_file_actions_t. */
extern int posix_spawn_file_actions_addclosefrom_np(void *actions, int from);

/* From <fcntl.h>, likewise. The two calls themselves are variadic or take flags that Swift does not see. */
extern int fallocate64(int descriptor, int mode, long long offset, long long length);
extern int sync_file_range(int descriptor, long long offset, long long count, unsigned int flags);

/* Sets space aside for a file without changing its size (FALLOC_FL_KEEP_SIZE). */
static inline int termchat_reserve(int descriptor, long long bytes) { return fallocate64(descriptor, 1, 0, bytes); }

/* Begins writing a part of a file to the disk and waits for nothing (SYNC_FILE_RANGE_WRITE). */
static inline void termchat_begin_writeback(int descriptor, long long offset, long long bytes) {
    (void)sync_file_range(descriptor, offset, bytes, 2);
}

/*
 * Of a file's status. Several C modules of our libraries hold `struct stat` and `struct timespec`; which of them Swift takes
 * the two from depends on the order of a module's files, and only one of them may be imported here.
 */
struct termchat_file_facts {
    long long size, modified, modified_nanoseconds, links;
};

static inline void termchat_take_facts(const struct stat *status, struct termchat_file_facts *facts) {
    facts->size = status->st_size;
    facts->modified = status->st_mtim.tv_sec;
    facts->modified_nanoseconds = status->st_mtim.tv_nsec;
    facts->links = (long long)status->st_nlink;
}

/* 0, or -1 with errno set, as lstat(2) and fstat(2). */
static inline int termchat_path_facts(const char *path, struct termchat_file_facts *facts) {
    struct stat status;
    if (lstat(path, &status) != 0) return -1;
    termchat_take_facts(&status, facts);
    return 0;
}

static inline int termchat_descriptor_facts(int descriptor, struct termchat_file_facts *facts) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) return -1;
    termchat_take_facts(&status, facts);
    return 0;
}

/* Sets when a file was last changed, in seconds since 1970; 0, or -1 with errno set. */
static inline int termchat_set_modified(int descriptor, long long seconds) {
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    return futimens(descriptor, times);
}
