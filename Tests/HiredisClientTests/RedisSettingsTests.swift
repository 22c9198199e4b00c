import Testing

@testable import HiredisClient

@Suite struct RedisSettingsTests {
    @Test func aHostAloneMeansTheUsualPort() throws {
        let settings = try RedisSettings(url: "redis://redis.example")
        #expect(settings.address == .tcp(host: "redis.example", port: 6379))
        #expect(settings.tls == nil && settings.username == nil && settings.password == nil && settings.database == 0)
    }

    @Test func everyPartIsRead() throws {
        let settings = try RedisSettings(url: "rediss://chat:p%40ss%2Fw%C3%B6rd@[::1]:7000/3?ca=/etc/ca%20file.pem")
        #expect(settings.address == .tcp(host: "::1", port: 7000))
        #expect(settings.tls == RedisSettings.TLS(authorityFile: "/etc/ca file.pem"))
        #expect(settings.username == "chat")
        #expect(settings.password == "p@ss/wörd")
        #expect(settings.database == 3)
    }

    @Test func aPasswordMayStandWithoutAUser() throws {
        let settings = try RedisSettings(url: "redis://:secret@host")
        #expect(settings.username == nil && settings.password == "secret")
    }

    @Test func aUnixSocketIsAPath() throws {
        let settings = try RedisSettings(url: "unix:///run/redis%20a/redis.sock?db=2")
        #expect(settings.address == .unix(path: "/run/redis a/redis.sock"))
        #expect(settings.database == 2)
    }

    @Test(arguments: [
        "", "host:6379", "http://host", "redis://", "redis://host:0", "redis://host:99999", "redis://host:x",
        "redis://host/x",
        "redis://host/-1", "redis://user@host", "redis://:%zz@host", "redis://:%+1@host", "redis://:%f@host",
        "redis://:%ff@host",
        "redis://host?tls=yes", "redis://[::1]6379", "unix://host/path", "unix://", "unix:///a?db=x", "redis://host#x",
        "redis+sentinel://a,b/main", "redis+cluster://a,b",
    ])
    func whatIsNotValidIsSaidSo(url: String) {
        #expect { try RedisSettings(url: url) } throws: { ($0 as? RedisError)?.code == .invalidURL }
    }

    @Test func noMessageRepeatsThePassword() throws {
        #expect { try RedisSettings(url: "redis://:hush%zz@host") } throws: { !"\($0)".contains("hush") }
        #expect("\(try RedisSettings(url: "redis://chat:hush@host/1"))" == "redis://chat@host:6379/1")
        #expect("\(try RedisSettings(url: "rediss://:hush@[::1]"))" == "rediss://[::1]:6379/0")
        #expect("\(try RedisSettings(url: "unix://chat:hush@/run/redis.sock"))" == "unix://chat@/run/redis.sock?db=0")
    }

    @Test func tlsNamesHostsAndNotAddresses() throws {
        #expect(try RedisSettings(url: "rediss://redis.example").serverName == "redis.example")
        #expect(try RedisSettings(url: "rediss://127.0.0.1").serverName == nil)
        #expect(try RedisSettings(url: "rediss://[::1]").serverName == nil)
    }
}
