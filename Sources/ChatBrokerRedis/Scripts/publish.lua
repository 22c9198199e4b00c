-- Stores a batch of drafts of one room, each key once, and tells the room's subscribers in one message.
--
-- KEYS[1] history (STREAM)   KEYS[2] last (STRING)   KEYS[3], KEYS[4] keys of even and odd windows (HASH)
-- KEYS[5] live (channel)   KEYS[6] announced (HASH)   KEYS[7] files (ZSET)
-- ARGV[1] entries kept   ARGV[2] age kept, ms   ARGV[3] TTL of last, ms   ARGV[4] window, s
-- then for each draft: kind ('m' or 'f'), field in keys (user NUL key), tail
--
-- A file's line is remembered by its key for as long as the file is there: it enters the room once, however late it is
-- told again.
--
-- Replies with id and '1' (duplicate) or '0' for each draft. Nothing is written before the first XADD, so a refused
-- write stores nothing.

local history, last_key, live = KEYS[1], KEYS[2], KEYS[5]
local window = tonumber(ARGV[4])
local time = redis.call('TIME')
local seconds = tonumber(time[1])
local now = seconds * 1000 + math.floor(tonumber(time[2]) / 1000)
local number = math.floor(seconds / window)
local current, other = KEYS[3 + number % 2], KEYS[3 + (number + 1) % 2]

local fields = {}
for i = 5, #ARGV, 3 do fields[#fields + 1] = ARGV[i + 1] end
local in_current = redis.call('HMGET', current, unpack(fields))
local in_other = redis.call('HMGET', other, unpack(fields))

-- The id as long as it can be one: of anything else the readers would understand no entry that names it.
local function as_id(text)
  local ms, sequence = string.match(text or '', '^(%d+)-(%d+)$')
  return ms and #ms < 20 and #sequence < 20 and text
end

local last = as_id(redis.call('GET', last_key))
if not last then
  local newest = redis.call('XREVRANGE', history, '+', '-', 'COUNT', 1)[1]
  last = newest and newest[1] or '0-0'
end

-- A stream that was trimmed to nothing or expired does not know its last id; a clock that went back must not repeat it.
local id_wanted = '*'
if last ~= '0-0' and redis.call('EXISTS', history) == 0 then
  local ms, sequence = string.match(last, '^(%d+)-(%d+)$')
  if tonumber(ms) >= now then id_wanted = ms .. '-' .. string.format('%.0f', tonumber(sequence) + 1) end
end

local function announced(n, field)
  if ARGV[2 + n * 3] ~= 'f' then return nil end
  return redis.call('HGET', KEYS[6], string.match(field, '%z(.*)$')) or nil
end

local reply, stored, remembered, payload = {}, {}, {}, { 'E1' }
for n, field in ipairs(fields) do
  local id = in_current[n] or in_other[n] or stored[field] or announced(n, field)
  if id then
    reply[#reply + 1] = id
    reply[#reply + 1] = '1'
  else
    local kind, tail = ARGV[2 + n * 3], ARGV[4 + n * 3]
    id = redis.call('XADD', history, 'MAXLEN', '~', ARGV[1], id_wanted, kind, tail, 'p', last)
    payload[#payload + 1] = kind .. id .. ' ' .. last .. ' ' .. #tail .. ' ' .. tail
    id_wanted, last, stored[field] = '*', id, id
    if kind == 'f' then
      local file = string.match(field, '%z(.*)$')
      redis.call('HSET', KEYS[6], file, id)
      redis.call('ZADD', KEYS[7], string.match(id, '^%d+'), file)
    end
    remembered[#remembered + 1] = field
    remembered[#remembered + 1] = id
    reply[#reply + 1] = id
    reply[#reply + 1] = '0'
  end
end

if #remembered > 0 then
  redis.call('SET', last_key, last, 'PX', ARGV[3])
  redis.call('HSET', current, unpack(remembered))
  redis.call('EXPIREAT', current, (number + 2) * window)
  redis.call('XTRIM', history, 'MINID', '~', string.format('%.0f', math.max(0, now - tonumber(ARGV[2]))))
  redis.call('PEXPIRE', history, ARGV[2])
  redis.call('PUBLISH', live, table.concat(payload))
end
return reply
