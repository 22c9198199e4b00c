import Testing

@testable import ChatUpload

@Suite("Limits of an upload worker")
struct LimitTests {
    @Test func batchIsSmallAgainstTheMemoryOfAWorker() {
        #expect(UploadLimits.batchBytes <= 1 << 20)
    }
}
