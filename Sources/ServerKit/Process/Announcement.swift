#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The lines on stdout that tell a script where a server listens, in this order and unbuffered:
/// `listening on HOST:PORT`, then `admin on HOST:PORT`.
public enum Announcement {
    public static func listening(on address: HostPort) { write("listening on \(address)") }
    public static func admin(on address: HostPort) { write("admin on \(address)") }

    private static func write(_ line: String) { FileOutput.write(line + "\n", to: STDOUT_FILENO) }
}
