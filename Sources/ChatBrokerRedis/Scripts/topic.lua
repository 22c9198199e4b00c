-- Stores a room's topic and tells the room's subscribers.
--
-- KEYS[1] topic (STRING)   KEYS[2] live (channel)
-- ARGV[1] text   ARGV[2] user   ARGV[3] session   ARGV[4] TTL, ms
--
-- Replies with its time (ms), which is later than that of the topic before, so that topics have one order whatever the
-- clock does.

local key, text, user = KEYS[1], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local before = string.match(redis.call('GET', key) or '', '^(%d+) ')
if before and #before < 16 then now = math.max(now, tonumber(before) + 1) end
local ts = string.format('%.0f', now)
redis.call('SET', key, ts .. ' ' .. user .. ' ' .. text, 'PX', ARGV[4])
redis.call('PUBLISH', KEYS[2], 'S1' .. ts .. ' ' .. ARGV[3] .. ' ' .. user .. ' ' .. text)
return ts
