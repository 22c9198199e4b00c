/// The themes to choose from.
extension Theme {
    static let all = [standard]
}
