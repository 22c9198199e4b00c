import ChatBroker
import ChatTesting
import NIOCore
import NIOPosix
import Testing

@Suite struct InProcessBrokerTests {
    @Test(arguments: BrokerContract.Behaviour.allCases)
    func keepsTheContract(_ behaviour: BrokerContract.Behaviour) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let store = InProcessBroker.Store(on: group.next(), history: BrokerContract.history)
        let contract = BrokerContract { id in InProcessBroker(node: id, on: group.next(), store: store) }
        try await contract.check(behaviour)
    }

    @Test(arguments: FileRegistryContract.Behaviour.allCases)
    func keepsTheContractOfFiles(_ behaviour: FileRegistryContract.Behaviour) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let store = InProcessBroker.Store(on: group.next(), history: BrokerContract.history)
        let contract = FileRegistryContract { id in InProcessBroker(node: id, on: group.next(), store: store) }
        try await contract.check(behaviour)
    }
}
