import Foundation

@testable import ChatUpload

/// A folder of its own for one test, removed with it.
final class TemporaryVolume: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/volume-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try UploadStore(volume: PosixVolume(root: path)).prepare()
    }

    /// A folder of this path with nothing in it.
    init(at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var volume: PosixVolume { PosixVolume(root: path) }
    var store: UploadStore { UploadStore(volume: volume) }

    /// Every file but the volume's marker, below the folder and sorted.
    var files: [String] {
        let all = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return all.filter { name in
            var isFolder: ObjCBool = false
            return name != Layout.marker
                && FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    func files(in folder: String) -> [String] {
        files.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
    }
}
