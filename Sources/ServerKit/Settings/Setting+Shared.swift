/// Settings that several processes have under the same name and in the same words.
extension Setting where Value == Int {
    public static func threads() -> Self {
        Setting.int(
            "threads", default: 0, in: 0...256, unit: "threads",
            help: "Event loops; 0 takes one per processor that the process may use.")
    }
}

extension Setting where Value == Bool {
    public static func guests() -> Self {
        Setting.toggle("guests", default: false, help: "Let people in without a token.")
    }
}

extension Setting where Value == String? {
    public static func configFile() -> Self {
        Setting.optionalString("config", unit: "FILE", help: "Settings file, YAML or JSON.")
    }

    public static func tokenKey() -> Self {
        Setting.optionalString(
            "token-key", unit: "FILE",
            help: "Key that tokens are checked with: an HS256 secret or an EdDSA public key.")
    }

    public static func tokenAudience() -> Self {
        Setting.optionalString("token-audience", unit: "TEXT", help: "What a token's aud must have.")
    }

    public static func tokenIssuer() -> Self {
        Setting.optionalString("token-issuer", unit: "TEXT", help: "What a token's iss must be.")
    }
}

extension Setting where Value == [String] {
    public static func trustedProxies() -> Self {
        Setting.list("trusted-proxies", unit: "CIDR,…", help: "Peers whose X-Forwarded-For is believed.")
    }
}
