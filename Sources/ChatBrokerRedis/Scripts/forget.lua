-- Ends the reaping of a node: deletes what lists it, unless it is back, and lets go of it.
--
-- KEYS[1] reap (STRING)   KEYS[2] the node's lease (STRING)   KEYS[3] the node's rooms (SET)   KEYS[4] nodes (ZSET)
-- ARGV[1] the node   ARGV[2] the reaper
--
-- Replies with 1 where the node was dead until now, else 0; where another reaps it, nothing is touched.

if redis.call('GET', KEYS[1]) ~= ARGV[2] then return 0 end
local is_dead = redis.call('EXISTS', KEYS[2]) == 0
if is_dead then
  redis.call('DEL', KEYS[3])
  redis.call('ZREM', KEYS[4], ARGV[1])
end
redis.call('DEL', KEYS[1])
return is_dead and 1 or 0
