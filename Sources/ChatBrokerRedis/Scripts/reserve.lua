-- Takes one upload into an account, or says which limit forbids it; keeps it there; or takes it out again.
--
-- KEYS[1] pending (ZSET)   KEYS[2] bytes of the day (STRING)   KEYS[3] creations of the minute (STRING)
-- ARGV[1] 'reserve'   ARGV[2] id   ARGV[3] bytes   ARGV[4] ms until a pending upload is forgotten
-- ARGV[5] pending at most   ARGV[6] bytes per day at most, '0' for any   ARGV[7] creations per minute at most
-- or
-- ARGV[1] 'renew'     ARGV[2] id   ARGV[3] ms until the pending upload is forgotten
-- or
-- ARGV[1] 'release'   ARGV[2] id   ARGV[3] bytes to add to those of the day, negative to give some back
--
-- Replies with 'granted', or 'pending', 'bytes' or 'rate', and after how many ms to try again. An id that is pending
-- already is granted and counted once; one that is not pending any more is not renewed.

local pending, bytes_key, rate_key = KEYS[1], KEYS[2], KEYS[3]
local id, bytes = ARGV[2], tonumber(ARGV[3])
local day, minute = 24 * 3600 * 1000, 60 * 1000

if ARGV[1] == 'release' then
  redis.call('ZREM', pending, id)
  if bytes ~= 0 and redis.call('EXISTS', bytes_key) == 1 then
    redis.call('INCRBY', bytes_key, string.format('%.0f', bytes))
  end
  return { 'granted', 0 }
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function keep(ms)
  redis.call('ZADD', pending, string.format('%.0f', now + tonumber(ms)), id)
  if redis.call('PTTL', pending) < tonumber(ms) then redis.call('PEXPIRE', pending, ms) end
end

if ARGV[1] == 'renew' then
  if redis.call('ZSCORE', pending, id) then keep(ARGV[3]) end
  return { 'granted', 0 }
end

if redis.call('ZSCORE', pending, id) then return { 'granted', 0 } end

local created = tonumber(redis.call('GET', rate_key) or '0')
if created >= tonumber(ARGV[7]) then return { 'rate', math.max(1, redis.call('PTTL', rate_key)) } end
-- A server whose memory is full lets a script go on behind its first write, and refuses that one only if it could need memory.
-- This one changes nothing, and makes the others all or none.
redis.call('ZADD', pending, 'XX', '0', id)
redis.call('ZREMRANGEBYSCORE', pending, '-inf', string.format('%.0f', now))
if redis.call('ZCARD', pending) >= tonumber(ARGV[5]) then
  local first = redis.call('ZRANGE', pending, 0, 0, 'WITHSCORES')
  return { 'pending', math.max(1, tonumber(first[2] or now) - now) }
end
local used, bytes_max = tonumber(redis.call('GET', bytes_key) or '0'), tonumber(ARGV[6])
if bytes_max > 0 and used + bytes > bytes_max then
  return { 'bytes', math.max(1, redis.call('PTTL', bytes_key)) }
end

keep(ARGV[4])
if redis.call('INCR', rate_key) == 1 then redis.call('PEXPIRE', rate_key, minute) end
redis.call('INCRBY', bytes_key, string.format('%.0f', bytes))
if redis.call('PTTL', bytes_key) < 0 then redis.call('PEXPIRE', bytes_key, day) end
return { 'granted', 0 }
