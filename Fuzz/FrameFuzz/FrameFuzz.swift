import ChatWire
import NIOCore

/// Feeds any bytes to everything in ChatWire that reads what a peer wrote. A crash is a finding, and so is a value
/// that does not survive being written and read again.
@main
enum FrameFuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments) { data, size in
            let bytes = ByteBuffer(bytes: UnsafeRawBufferPointer(start: data, count: size))
            FrameFuzz.checkClientFrame(bytes)
            FrameFuzz.checkServerFrame(bytes)
            FrameFuzz.checkText(bytes)
            return 0
        }
    }

    private static func checkClientFrame(_ bytes: ByteBuffer) {
        if let value = try? ClientFrame.decode(bytes) {
            guard (try? ClientFrame.decode(value.encode())) == value else { fatalError("not read back: \(value)") }
        }
        guard let room = try? RoomName("fuzz") else { return }
        if let send = try? ClientFrame.Send.plainText(bytes, room: room, key: "k") {
            let value = ClientFrame.send(send)
            guard (try? ClientFrame.decode(value.encode())) == value else { fatalError("not read back: \(value)") }
        }
    }

    private static func checkServerFrame(_ bytes: ByteBuffer) {
        _ = try? Message(tail: bytes)
        _ = try? FileLine(tail: bytes)
        guard let value = try? ServerFrame.decode(bytes) else { return }
        var again = ByteBuffer()
        value.encode(into: &again)
        guard (try? ServerFrame.decode(again)) == value else { fatalError("not read back: \(value)") }
        if case .entry(_, let entry) = value { _ = try? entry.content() }
    }

    private static func checkText(_ bytes: ByteBuffer) {
        let text = String(buffer: bytes)
        let visible = VisibleText(text, newlines: .kept).value
        guard VisibleText(visible, newlines: .kept).value == visible else { fatalError("filtered twice: \(text)") }
        if let name = try? UserName(text) {
            guard (try? UserName(name.value)) == name, !name.skeleton.isEmpty else { fatalError("no name: \(name)") }
        }
        _ = try? RoomName(utf8: bytes.readableBytesView)
        _ = Position(text)
    }
}

/// libFuzzer's loop; the library without a `main` of its own is linked in.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
