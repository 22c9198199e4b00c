/* What Linux offers and Swift's Glibc module leaves out. */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

/* From <string.h>, where it hides behind _GNU_SOURCE. */
extern void *memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);

/* From <sched.h>, likewise. `mask` has `size` bytes, one bit for each processor. */
extern int sched_getaffinity(int pid, size_t size, void *mask);

/* From <spawn.h>, likewise: the child closes every descriptor from `from` on. `actions` is a posix_spawn_file_actions_t. */
extern int posix_spawn_file_actions_addclosefrom_np(void *actions, int from);
