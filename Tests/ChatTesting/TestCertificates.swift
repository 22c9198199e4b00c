import Foundation

/// Certificates for servers on loopback, made anew for each suite: an authority, and a server certificate for `localhost`
/// and 127.0.0.1.
public enum TestCertificates {
    private static let script = """
        set -e
        key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        openssl req -x509 $key -keyout ca.key -out ca.crt -days 2 -subj /CN=test-authority
        openssl req $key -keyout server.key -out server.csr -subj /CN=localhost
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > server.ext
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt
        """

    /// Writes `ca.crt`, `server.crt` and `server.key` there.
    public static func write(to directory: URL) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = directory
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw LocalRedis.Failure(
                description: "openssl did not make the certificates: exit \(process.terminationStatus).")
        }
    }
}
