-- Reads one page of a room's history, whether it is complete, and the room's newest id, all of one moment.
--
-- KEYS[1] history (STREAM)   KEYS[2] last (STRING)
-- ARGV[1] 'newest', 'after' or 'before'   ARGV[2] position ('0-0' for newest)   ARGV[3] entries at most
--
-- Replies with last, '1' or '0' for complete, and the entries as XRANGE gives them: ascending for after, else descending.

local history, position, limit = KEYS[1], ARGV[2], ARGV[3]
local last = redis.call('GET', KEYS[2])
if not last then
  local newest = redis.call('XREVRANGE', history, '+', '-', 'COUNT', 1)[1]
  last = newest and newest[1] or '0-0'
end

if ARGV[1] == 'newest' then
  return { last, '1', redis.call('XREVRANGE', history, '+', '-', 'COUNT', limit) }
end
if ARGV[1] == 'before' then
  return { last, '1', redis.call('XREVRANGE', history, '(' .. position, '-', 'COUNT', limit) }
end

local function is_complete()
  if #redis.call('XRANGE', history, position, position, 'COUNT', 1) == 1 then return true end
  local first = redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
  if not first then return position == last end
  local fields = first[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'p' then return fields[i + 1] == position end
  end
  return false
end

local complete = is_complete() and '1' or '0'
return { last, complete, redis.call('XRANGE', history, '(' .. position, '+', 'COUNT', limit) }
