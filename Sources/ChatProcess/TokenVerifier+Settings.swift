public import ChatIdentity
public import Logging
public import ServerKit

extension TokenVerifier {
    /// What `--token-key`, `--token-audience` and `--token-issuer` come to; nil without a key.
    /// - Throws: `SettingsError`; `ProcessFailure` for a file without a fitting key.
    public static func load(_ reader: SettingsReader, logger: Logger) async throws -> TokenVerifier? {
        guard let path = try reader.value(of: Setting.tokenKey()) else { return nil }
        let policy = Policy(
            audience: try reader.value(of: Setting.tokenAudience()), issuer: try reader.value(of: Setting.tokenIssuer())
        )
        let verifier: TokenVerifier
        do {
            verifier = try await load(keyFile: path, policy: policy)
        } catch let error as KeyFileError {
            throw ProcessFailure(.usage, "--token-key: \(error)")
        }
        for warning in verifier.warnings { logger.warning("token key", metadata: ["what": "\(warning)"]) }
        return verifier
    }
}
