import NIOCore
import NIOPosix
import NIOSSL

/// Puts a failed transport into words for a status line.
enum TransportError {
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            let reason = error.connectionErrors.last.map { words($0.error) }
            return reason ?? "the name \(error.host) has no address"
        case let error as IOError:
            return words(errorNumber: error.errnoCode)
        case ChannelError.connectTimeout:
            return "connecting took too long"
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.inputClosed, ChannelError.eof:
            return "connection lost"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return "TLS failed: \(error)"
        default:
            return "\(error)"
        }
    }

    private static func words(errorNumber: CInt) -> String {
        switch errorNumber {
        case ECONNREFUSED: "nobody listens there"
        case ECONNRESET, EPIPE: "connection lost"
        case ETIMEDOUT: "no answer"
        case EHOSTUNREACH, ENETUNREACH: "no route there"
        default: String(cString: strerror(errorNumber))
        }
    }
}
