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
        case NIOSSLExtraError.failedToValidateHostname as NIOSSLExtraError:
            return "the server's certificate is for another name"
        case NIOSSLError.uncleanShutdown as NIOSSLError:
            return "connection lost"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return words(ofTLS: "\(error)")
        default:
            return "\(error)"
        }
    }

    /// TLS tells its reasons in a dump of its error stack only: `…:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …`.
    static func words(ofTLS dump: String) -> String {
        let mark = "OPENSSL_internal:"
        let reason = dump.firstRange(of: mark).map { found in
            dump[found.upperBound...].prefix { $0 == "_" || $0.isASCII && ($0.isUppercase || $0.isNumber) }
        }
        switch reason {
        case "CERTIFICATE_VERIFY_FAILED":
            return "the server's certificate is not trusted (unknown issuer, or expired); "
                + "--ca-file names your own authority"
        case "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST":
            return "the server does not speak TLS there"
        case let reason? where !reason.isEmpty:
            return "TLS failed: \(reason.lowercased().replacing("_", with: " "))"
        default:
            return "TLS failed: the server ended the handshake"
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
