/// The version of the servers and of `termchat-ctl`: `--version`, `welcome`, the `Server` header, `termchat-ctl nodes`.
public enum ServerVersion {
    public static let text = "0.1.0"
}
