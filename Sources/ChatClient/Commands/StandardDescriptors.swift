import Foundation

/// Standard input, output and error, which a program may be started without.
enum StandardDescriptors {
    /// Opens `/dev/null` in place of those that are closed. Otherwise the next socket or pipe takes the number, and lines
    /// for the user go into it. Called before anything else is opened.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free number is this one: those below it are open by now.
            _ = Glibc.open("/dev/null", O_RDWR)
        }
    }
}
