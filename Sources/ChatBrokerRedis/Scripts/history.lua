-- Reads one page of a room's history, whether it is complete, and the room's newest id, all of one moment.
--
-- KEYS[1] history (STREAM)   KEYS[2] last (STRING)
-- ARGV[1] 'newest', 'after' or 'before'   ARGV[2] position ('0-0' for newest)   ARGV[3] entries at most
-- ARGV[4] bytes at most, but for one entry
--
-- Replies with last, '1' or '0' for complete, '1' or '0' for more, and the entries as XRANGE gives them: ascending for
-- after, else descending.

local history, position = KEYS[1], ARGV[2]
local limit, bytes_max, step = tonumber(ARGV[3]), tonumber(ARGV[4]), 50
local first_id, last_id = '0-0', '18446744073709551615-18446744073709551615'

-- The id as long as it can be one: of anything else the readers would understand no entry that names it.
local function as_id(text)
  local ms, sequence = string.match(text or '', '^(%d+)-(%d+)$')
  return ms and #ms < 20 and #sequence < 20 and text
end

local last = as_id(redis.call('GET', KEYS[2]))
if not last then
  local newest = redis.call('XREVRANGE', history, '+', '-', 'COUNT', 1)[1]
  last = newest and newest[1] or '0-0'
end

-- Goes from one end to the other until the page is full.
local function collect(command, from, to)
  local entries, bytes = {}, 0
  while true do
    local count = math.min(step, limit + 1 - #entries)
    local found = redis.call(command, history, from, to, 'COUNT', count)
    for _, entry in ipairs(found) do
      for _, field in ipairs(entry[2]) do bytes = bytes + #field end
      if #entries == limit or (#entries > 0 and bytes > bytes_max) then return '1', entries end
      entries[#entries + 1] = entry
    end
    if #found < count then return '0', entries end
    from = '(' .. found[#found][1]
  end
end

if ARGV[1] == 'newest' then return { last, '1', collect('XREVRANGE', '+', '-') } end
if ARGV[1] == 'before' then
  -- Redis refuses an interval that ends before the first id or begins behind the last.
  if position == first_id then return { last, '1', '0', {} } end
  return { last, '1', collect('XREVRANGE', '(' .. position, '-') }
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
if position == last_id then return { last, complete, '0', {} } end
return { last, complete, collect('XRANGE', '(' .. position, '+') }
