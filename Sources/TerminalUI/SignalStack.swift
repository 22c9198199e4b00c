import Glibc

/// A stack for signal handlers: on a thread that has used up its own, the handler that restores the terminal could not
/// run. Each thread needs one of its own; ``Terminal`` provides those of its threads and of who writes to it.
public enum SignalStack {
    /// The handlers need a page; Swift's backtracer, which they hand over to, some more.
    private static let bytes = 64 * 1024

    /// The memory of each thread, freed when it ends. Nil: the process has no key left.
    private static let memory: pthread_key_t? = {
        var key = pthread_key_t()
        let failure = pthread_key_create(&key) { memory in
            var none = stack_t(ss_sp: nil, ss_flags: disabled, ss_size: 0)
            sigaltstack(&none, nil)
            free(memory)
        }
        return failure == 0 ? key : nil
    }()

    /// `SS_DISABLE`: no such stack.
    private static let disabled: Int32 = 2

    /// Gives the calling thread such a stack, unless it has one. Cheap where it has.
    public static func provide() {
        guard let key = memory, pthread_getspecific(key) == nil else { return }
        var before = stack_t()
        guard sigaltstack(nil, &before) == 0, before.ss_flags & disabled != 0, let start = malloc(bytes) else { return }
        var stack = stack_t(ss_sp: start, ss_flags: 0, ss_size: bytes)
        guard sigaltstack(&stack, nil) == 0, pthread_setspecific(key, start) == 0 else { return }
    }
}
