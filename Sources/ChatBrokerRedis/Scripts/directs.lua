-- Puts a direct room on top of the list of one of its two.
--
-- KEYS[1] directs (ZSET)
-- ARGV[1] member: room, space, the other one   ARGV[2] rooms at most   ARGV[3] TTL, ms

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], 'GT', string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
