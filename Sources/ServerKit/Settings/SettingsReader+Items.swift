extension SettingsReader {
    /// The items of a list, as a module reads them.
    /// - Parameter fault: what is to be said of one that is none, the end of a sentence: "is no address range such as 10.0.0.0/8".
    public func items<Item>(
        of setting: Setting<[String]>, otherwise fault: String, _ parse: (String) -> Item?
    ) throws(SettingsError) -> [Item] {
        var items: [Item] = []
        for text in try value(of: setting) {
            guard let item = parse(text) else {
                throw SettingsError(.invalidValue, "--\(setting.key): '\(Self.shortened(text))' \(fault).")
            }
            items.append(item)
        }
        return items
    }
}
