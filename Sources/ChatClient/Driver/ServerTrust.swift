import ChatWire
import Foundation
import NIOSSL

/// Who may vouch for a server's certificate; the same for every connection of the program.
enum ServerTrust {
    /// - Parameter authority: a file of certificates (PEM), or a folder of them, to trust instead of the system's.
    /// - Throws: ``CommandFailure``, with status usage and the file's name where `authority` is of no use.
    static func context(authority: String?) throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeClientConfiguration()
        if let authority { settings.trustRoots = try roots(authority) }
        do { return try NIOSSLContext(configuration: settings) } catch {
            throw CommandFailure(.failed, "TLS cannot be set up: \(TransportError.words(error)).")
        }
    }

    private static func roots(_ path: String) throws -> NIOSSLTrustRoots {
        guard FileKind(path: path) != .folder else { return .file(path) }
        let bytes = try read(path)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw CommandFailure(.usage, "\(VisibleText(path).value) holds no certificate (PEM) that can be read.")
        }
        return .certificates(certificates)
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.usage, "Cannot read \(VisibleText(path).value): \(String(cString: strerror(errno))).")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let data = try? file.read(upToCount: bytesMax + 1)
        return data.map { $0.count <= bytesMax ? Array($0) : [] } ?? []
    }

    /// Bytes of the file: every authority of the world fits in; whatever else lies there is not read into memory.
    private static let bytesMax = 4 << 20
}
