import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The descriptor of a channel, to send without the way through the pipeline. The channel owns it: send only on the
/// channel's loop and while `isActive` holds, which ends in the same step in which the descriptor is closed.
struct RawSocket {
    private let descriptor: CInt

    /// Nil where the channel has no socket, as an embedded one.
    init?(of channel: any Channel) {
        let handle = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        guard let handle else { return nil }
        descriptor = handle
    }

    /// How many of the bytes the kernel took: none where it is full, and none after an error, which the channel then
    /// meets itself.
    func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
        let flags = CInt(MSG_DONTWAIT)
        #else
        let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
        #endif
        while true {
            let sent = sendBytes(descriptor, bytes.baseAddress, bytes.count, flags)
            if sent >= 0 { return sent }
            guard errno == EINTR else { return 0 }
        }
    }
}

#if canImport(Glibc)
private let sendBytes = Glibc.send
#elseif canImport(Musl)
private let sendBytes = Musl.send
#else
private let sendBytes = Darwin.send
#endif
