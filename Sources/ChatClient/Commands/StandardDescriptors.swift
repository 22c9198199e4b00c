import Foundation

/// Standard input, output and error, which a program may be started without.
enum StandardDescriptors {
    /// Opens `/dev/null` in place of those that are closed. Otherwise the next socket or pipe takes the number, and lines
    /// for the user go into it. Output that nobody can get fails when it is written, as on a full disk.
    /// Called before anything else is opened.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free number is this one: those below it are open by now.
            _ = Glibc.open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_RDWR)
        }
    }

    /// For a command whose purpose is not its output: where ``open()`` found none, it goes nowhere.
    static func discardMissingOutput() {
        guard fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE == O_RDONLY else { return }
        let nowhere = Glibc.open("/dev/null", O_WRONLY)
        guard nowhere >= 0 else { return }
        dup2(nowhere, STDOUT_FILENO)
        close(nowhere)
    }
}
