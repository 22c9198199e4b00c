/// The version of the client.
enum ClientVersion {
    static let text = "0.1.0"
}
