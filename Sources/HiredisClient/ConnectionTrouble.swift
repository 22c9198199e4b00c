import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Puts what ended a connection into words for operators: NIO's own description is a dump of its values.
enum ConnectionTrouble {
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.last.map { words($0.error) } ?? "the name \(error.host) has no address"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout: "connecting took too long"
        default: "\(error)"
        }
    }
}
