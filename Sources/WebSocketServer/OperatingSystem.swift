import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What differs from platform to platform.
enum OperatingSystem {
    /// Descriptors that this process may have open; nil when there is no limit.
    static var openFilesMax: Int? {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return Int(exactly: limit.rlim_cur)
    }

    /// Whether a failed accept means that descriptors or memory ran out, so that trying again at once is pointless.
    static func isExhaustion(_ code: CInt) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
    }

    /// Whether the kernel would give this process a socket now.
    static var hasRoomForASocket: Bool {
        #if canImport(Glibc)
        let kind = Int32(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { return !isExhaustion(errno) }
        close(descriptor)
        return true
    }
}

extension Channel {
    /// Cuts the connection: what is unsent is dropped here and in the kernel, and the peer sees a reset.
    func reset() {
        // Takes effect before the next line: on the channel's loop the option is set at once.
        _ = (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        close(promise: nil)
    }
}
