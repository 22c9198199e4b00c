-- Removes one step of what a dead node left in a room's members, and announces it in one message.
--
-- KEYS[1] members (HASH)   KEYS[2] live (channel)   KEYS[3] the node's lease (STRING)   KEYS[4] reap (STRING)
-- ARGV[1] the node   ARGV[2] cursor, '0' to begin   ARGV[3] fields looked at per step   ARGV[4] the reaper
-- ARGV[5] TTL of reap, ms
--
-- Replies with the next cursor, '0' at the end, 'stop' where the node is back or another reaps it, and how many were
-- removed.

if redis.call('GET', KEYS[4]) ~= ARGV[4] or redis.call('EXISTS', KEYS[3]) == 1 then return { 'stop', 0 } end
redis.call('PEXPIRE', KEYS[4], ARGV[5])

local members, node = KEYS[1], ARGV[1]
local prefix = node .. ':'
local scanned = redis.call('HSCAN', members, ARGV[2], 'COUNT', ARGV[3])
local removed, payload = 0, { 'P1' }
for i = 1, #scanned[2], 2 do
  local field, value = scanned[2][i], scanned[2][i + 1]
  if string.sub(field, 1, #prefix) == prefix and redis.call('HDEL', members, field) == 1 then
    local since, user = string.match(value, '^(%d+) (.*)$')
    payload[#payload + 1] = 'l' .. node .. ' ' .. string.sub(field, #prefix + 1) .. ' ' .. (since or '0')
      .. ' node-lost ' .. (user or '') .. '\n'
    removed = removed + 1
  end
end
if removed > 0 then redis.call('PUBLISH', KEYS[2], table.concat(payload)) end
return { scanned[1], removed }
