-- Moves a read marker forward, and tells the room's subscribers where that is wanted.
--
-- KEYS[1] read (HASH)   KEYS[2] live (channel)
-- ARGV[1] principal   ARGV[2] position   ARGV[3] session   ARGV[4] TTL, ms   ARGV[5] markers at most
-- ARGV[6] markers looked at for the one to forget   ARGV[7] '1' to tell
--
-- Replies with 1, or 0 where the marker is there already.

local key, principal, position = KEYS[1], ARGV[1], ARGV[2]

-- As numbers of 64 bits, which Lua has not: without leading zeros the longer one is the larger.
local function is_less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

local function is_before(a, b)
  local a_ms, a_sequence = string.match(a, '^(%d+)-(%d+)$')
  local b_ms, b_sequence = string.match(b, '^(%d+)-(%d+)$')
  if not a_ms or not b_ms then return not a_ms and b_ms ~= nil end
  if a_ms ~= b_ms then return is_less(a_ms, b_ms) end
  return is_less(a_sequence, b_sequence)
end

local known = redis.call('HGET', key, principal)
if known and not is_before(known, position) then return 0 end
if not known and redis.call('HLEN', key) >= tonumber(ARGV[5]) then
  local some = redis.call('HRANDFIELD', key, ARGV[6], 'WITHVALUES')
  local least = 1
  for i = 3, #some, 2 do
    if is_before(some[i + 1], some[least + 1]) then least = i end
  end
  redis.call('HDEL', key, some[least])
end
redis.call('HSET', key, principal, position)
redis.call('PEXPIRE', key, ARGV[4])
if ARGV[7] == '1' then
  redis.call('PUBLISH', KEYS[2], 'R1' .. position .. ' ' .. ARGV[3] .. ' ' .. principal)
end
return 1
