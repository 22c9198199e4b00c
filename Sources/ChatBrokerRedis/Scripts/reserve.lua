-- Takes one upload into an account, or says which limit forbids it; keeps it there; or takes it out again.
--
-- KEYS[1] pending (ZSET)   KEYS[2] bytes of the day (STRING)   KEYS[3] creations of the minute (STRING)
-- KEYS[4] counted (HASH)
-- ARGV[1] 'reserve'   ARGV[2] id   ARGV[3] bytes   ARGV[4] ms until a pending upload is forgotten
-- ARGV[5] pending at most   ARGV[6] bytes per day at most, '0' for any   ARGV[7] creations per minute at most
-- or
-- ARGV[1] 'renew'     ARGV[2] id   ARGV[3] ms until the pending upload is forgotten
-- or
-- ARGV[1] 'release'   ARGV[2] id   ARGV[3] bytes that it counts from now on
-- ARGV[4] bytes that were reserved as its record has it, for one that a worker reserved which notes nothing
--
-- Replies with 'granted', or 'pending', 'bytes' or 'rate', and after how many ms to try again. An id that is pending
-- already is granted and counted once; one that is not pending any more is not renewed.
--
-- Of each pending upload, counted has how many of the day's bytes are its own, and when that day ends. One that is
-- forgotten gives them back and is noted with none: its worker may be alive, and what it finishes counts after all.

local pending, bytes_key, rate_key, counted_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, bytes = ARGV[2], tonumber(ARGV[3])
local day, minute = 24 * 3600 * 1000, 60 * 1000
-- Looked at by one reservation; more wait for the next one. Forgotten ones that are noted; beyond it their notes go.
local forgotten_max, notes_max = 1000, 64

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function text(number) return string.format('%.0f', number) end

local function count(change)
  redis.call('INCRBY', bytes_key, text(change))
  if redis.call('PTTL', bytes_key) < 0 then redis.call('PEXPIRE', bytes_key, day) end
end

-- Lets an upload count so many bytes instead of those that it did. What counted for an earlier day is not taken from this one.
local function correct(bytes, before, day_end)
  local is_same_day = redis.call('EXISTS', bytes_key) == 1 and (not day_end or now < day_end)
  if bytes > before or (bytes < before and is_same_day) then count(bytes - before) end
end

-- nil twice where nothing is noted.
local function noted(id)
  local before, day_end = string.match(redis.call('HGET', counted_key, id) or '', '^(%d+) (%d+)$')
  return tonumber(before), tonumber(day_end)
end

if ARGV[1] == 'release' then
  local was_pending = redis.call('ZREM', pending, id) == 1
  local before, day_end = noted(id)
  redis.call('HDEL', counted_key, id)
  -- One that neither is pending nor was forgotten was ended by a worker that notes nothing, and corrected by it.
  if was_pending or day_end == 0 then correct(bytes, before or tonumber(ARGV[4]), day_end) end
  return { 'granted', 0 }
end

-- What is forgotten must be found until the day is over.
local function keep(ms)
  redis.call('ZADD', pending, text(now + tonumber(ms)), id)
  local longest = math.max(tonumber(ms), redis.call('PTTL', bytes_key))
  for _, key in ipairs({ pending, counted_key }) do
    if redis.call('PTTL', key) < longest then redis.call('PEXPIRE', key, text(longest)) end
  end
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
for _, forgotten in ipairs(redis.call('ZRANGEBYSCORE', pending, '-inf', text(now), 'LIMIT', 0, forgotten_max)) do
  redis.call('ZREM', pending, forgotten)
  local before, day_end = noted(forgotten)
  if before then
    correct(0, before, day_end)
    redis.call('HSET', counted_key, forgotten, '0 0')
  end
end
if redis.call('HLEN', counted_key) > redis.call('ZCARD', pending) + notes_max then
  for _, other in ipairs(redis.call('HKEYS', counted_key)) do
    if not redis.call('ZSCORE', pending, other) then redis.call('HDEL', counted_key, other) end
  end
end
if redis.call('ZCARD', pending) >= tonumber(ARGV[5]) then
  local first = redis.call('ZRANGE', pending, 0, 0, 'WITHSCORES')
  return { 'pending', math.max(1, tonumber(first[2] or now) - now) }
end
local used, bytes_max = tonumber(redis.call('GET', bytes_key) or '0'), tonumber(ARGV[6])
if bytes_max > 0 and used + bytes > bytes_max then
  return { 'bytes', math.max(1, redis.call('PTTL', bytes_key)) }
end

if redis.call('INCR', rate_key) == 1 then redis.call('PEXPIRE', rate_key, minute) end
count(bytes)
redis.call('HSET', counted_key, id, text(bytes) .. ' ' .. text(now + redis.call('PTTL', bytes_key)))
keep(ARGV[4])
return { 'granted', 0 }
