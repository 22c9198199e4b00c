import Foundation
import Testing

@testable import ChatUpload

/// Which directory is taken for the volume.
@Suite struct VolumeIdentityTests {
    private let id = UploadID.random().value

    @Test func theMarkerOfTheSharedVolumeIsAccepted() {
        #expect(VolumeIdentity.judge(.marker(id), .volume(id)) == .accepted(id))
    }

    /// Redis was emptied.
    @Test func aMarkerCountsWhereTheBrokerKnowsNothing() {
        #expect(VolumeIdentity.judge(.marker(id), .none) == .accepted(id))
    }

    @Test func aMarkerIsBelievedUntilTheBrokerCanBeAsked() {
        #expect(VolumeIdentity.judge(.marker(id), .unknown) == .believed(id))
    }

    @Test(arguments: [VolumeIdentity.Found.empty, .unmarked])
    func aDirectoryBecomesTheVolumeOnlyWhereNoneIsKnown(_ found: VolumeIdentity.Found) {
        #expect(VolumeIdentity.judge(found, .none) == .new)
        for shared in [VolumeIdentity.Shared.unknown, .volume(id)] { #expect(isRefused(found, shared)) }
    }

    @Test func anotherVolumeIsRefused() { #expect(isRefused(.marker(id), .volume("other"))) }

    @Test func aDirectoryOfSomethingElseIsRefused() {
        for shared in [VolumeIdentity.Shared.unknown, .none, .volume(id)] { #expect(isRefused(.foreign, shared)) }
    }

    @Test func twoWorkersMarkANewVolumeOnce() throws {
        let temporary = try TemporaryVolume(at: NSTemporaryDirectory() + "/new-\(UInt64.random(in: .min ... .max))")
        let stores = [temporary.store, temporary.store]
        let found = try stores.map { try $0.look() }
        #expect(found == [.empty, .empty])
        for store in stores { try store.mark(.random()) }
        let marker = try #require(try stores[0].marker())
        #expect(try stores[1].look() == .marker(marker))
        #expect(temporary.files.isEmpty)
    }

    @Test func aDirectoryWithOtherFilesIsForeign() throws {
        let temporary = try TemporaryVolume()
        #expect(try temporary.store.look() == .unmarked)
        try FileManager.default.removeItem(atPath: temporary.path + "/" + Layout.trash)
        #expect(try temporary.store.look() == .foreign)
    }

    private func isRefused(_ found: VolumeIdentity.Found, _ shared: VolumeIdentity.Shared) -> Bool {
        if case .refused = VolumeIdentity.judge(found, shared) { true } else { false }
    }
}
