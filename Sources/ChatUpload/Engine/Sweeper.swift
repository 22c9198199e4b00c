import ServerKit
import ChatBroker
import Logging
import NIOCore

/// Goes over the volume now and then: finishes what others left unfinished, removes what nobody needs any more.
///
/// Several workers may do it at once; each step is one that any worker may take at any time.
struct Sweeper: Sendable {
    let engine: UploadEngine
    private var store: UploadStore { engine.store }

    /// Until the task is cancelled; the first sweep at once.
    func run() async {
        while !Task.isCancelled {
            guard store.identity.known != nil else {
                // Whatever the directory is, it is not this worker's yet.
                try? await Task.sleep(for: VolumeWatch.interval)
                continue
            }
            do {
                try await sweep(now: try await engine.disk.run { [store] in try store.time() })
                engine.metrics.sweeps.increment()
            } catch {
                engine.logger.warning("a sweep did not come to its end", metadata: ["error": "\(error)"])
            }
            // Workers that were started together do not sweep together.
            let seconds = Double(engine.settings.sweepSeconds) * .random(in: 0.5...1.5)
            try? await Task.sleep(for: .seconds(seconds))
        }
    }

    func sweep(now: Int, grace: Int = UploadLimits.graceSeconds) async throws {
        let rules = UploadStore.SweepRules(
            expire: engine.settings.expireSeconds,
            abandon: engine.settings.leaseSeconds,
            grace: grace, now: now)
        try await engine.disk.run { [store] in try store.checkVolume() }
        try await finishCommits(rules)
        try await sweepPartials(rules)
        try await sweepBytes(rules)
        try await sweepOldFiles(rules)
    }

    private func finishCommits(_ rules: UploadStore.SweepRules) async throws {
        let unsettled = try await engine.disk.run { [store] in try store.unsettled(rules) }
        engine.metrics.unsettled.set(Double(unsettled.count))
        for id in unsettled where !Task.isCancelled {
            await attempt(id) {
                guard case .committed(let file)? = try await engine.disk.run({ [store] in try store.state(of: id) })
                else { return }
                try await engine.settle(id, file)
            }
        }
    }

    private func sweepPartials(_ rules: UploadStore.SweepRules) async throws {
        var isScanAway = false
        for id in try await engine.disk.run({ [store] in try store.partials() }) where !Task.isCancelled {
            await attempt(id) {
                switch try await engine.disk.run({ [store] in try store.sweepPartial(id, rules) }) {
                case .kept: break
                case .removed(let owner):
                    engine.metrics.expired.increment()
                    try? await engine.release(id, owner, counting: 0)
                case .cleared(let owner, let bytes):
                    try await engine.release(id, owner, counting: bytes)
                    // Behind it, so that another sweep repeats what this one could not do.
                    try await engine.disk.run { [store] in try store.discard(id) }
                // Each one would wait for it as long as the first.
                case .finish where isScanAway: break
                case .finish(let record, let offset, let isSealed):
                    do {
                        _ = try await engine.finishWhole(id, record, offset: offset, isSealed: isSealed)
                    } catch let error as Scanner.Unanswered {
                        isScanAway = true
                        throw error
                    }
                }
            }
        }
    }

    private func sweepBytes(_ rules: UploadStore.SweepRules) async throws {
        try await engine.disk.run { [store] in try store.sweepContent() }
        for folder in try await engine.disk.run({ [store] in try store.blobFolders() }) where !Task.isCancelled {
            try await engine.disk.run { [store] in try store.sweepBlobs(in: folder) }
        }
        try await engine.disk.run { [store] in
            try store.sweepTrash()
            try store.sweepTemporary(rules)
        }
    }

    private func sweepOldFiles(_ rules: UploadStore.SweepRules) async throws {
        guard let shortest = engine.settings.shortestRetention else { return }
        let old = try await engine.disk.run { [store] in
            try store.finished().filter { try store.isOlder(Layout.file($0), shortest, rules) }
        }
        for id in old where !Task.isCancelled {
            await attempt(id) {
                guard let file = try await engine.disk.run({ [store] in try store.finishedFile(id) }),
                    let seconds = engine.settings.retention(of: file.room),
                    Int(file.created / 1000) + seconds <= rules.now
                else { return }
                try await engine.delete(id, file)
            }
        }
    }

    /// One that cannot be dealt with now does not keep the others.
    private func attempt(_ id: UploadID, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch UploadStore.Failure.superseded {
            // Another worker was faster.
        } catch let failure as UploadStore.Failure where failure == .refused || failure == .wrongHash {
            // It is removed.
        } catch UploadStore.Failure.lost {
            engine.metrics.damaged.increment()
            engine.logger.error("the bytes of a file are lost", metadata: ["id": "\(id)"])
        } catch {
            engine.logger.notice("left for the next sweep", metadata: ["id": "\(id)", "error": "\(error)"])
        }
    }
}
