-- Applies changes of one node to a room's members and announces those that took effect in one message.
--
-- KEYS[1] members (HASH)   KEYS[2] live (channel)
-- ARGV[1] backstop TTL of members, ms
-- then for each change: op, node, session, user, extra
--   'e' enter     extra is the node taken over from, or ''
--   'a' reassert  extra is since, or '0' for now
--   'l' leave     extra is the reason
-- No two changes of one call are about the same node and session.
--
-- Replies for each change with since (ms) for enter and reassert, '1' or '0' (was there) for leave; an enter or
-- reassert that Redis refuses (OOM) had no effect and has the error for an answer, the other changes stand.

local members, live = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))

local function since_of(value) return string.match(value, '^%d+') or now end

local reply, payload, renews = {}, { 'P1' }, false
local function announce(kind, node, session, since, detail, user)
  payload[#payload + 1] = kind .. node .. ' ' .. session .. ' ' .. since .. ' ' .. detail .. user .. '\n'
end

for i = 2, #ARGV, 5 do
  local op, node, session, user, extra = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local field = node .. ':' .. session
  local there = redis.call('HGET', members, field)
  if op == 'l' then
    if there then
      redis.call('HDEL', members, field)
      announce('l', node, session, since_of(there), extra .. ' ', user)
    end
    reply[#reply + 1] = there and '1' or '0'
  else
    local moved, refused = false, nil
    local old = extra .. ':' .. session
    if op == 'e' and extra ~= '' then moved = redis.call('HGET', members, old) end
    local since = since_of(there or moved or (op == 'a' and extra ~= '0' and extra) or now)
    if not there then
      local set = redis.pcall('HSET', members, field, since .. ' ' .. user)
      if type(set) == 'table' then refused = set.err end
    end
    if refused then
      reply[#reply + 1] = { err = refused }
    else
      if moved then
        redis.call('HDEL', members, old)
        announce('m', node, session, since, extra .. ' ', user)
      elseif not there then
        announce('j', node, session, since, '', user)
      end
      reply[#reply + 1] = since
      renews = true
    end
  end
end

if renews then redis.call('PEXPIRE', members, ARGV[1]) end
if #payload > 1 then redis.call('PUBLISH', live, table.concat(payload)) end
return reply
