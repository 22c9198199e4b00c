-- Reads one page of the ids of a room's files, newest first.
--
-- KEYS[1] files (ZSET)
-- ARGV[1] the id that the page follows, '' for the first page   ARGV[2] ids at most
--
-- Replies with ids and their times (ms), by turns; an id that is not there any more gives the first page.

local start = 0
if ARGV[1] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[1])
  if rank then start = rank + 1 end
end
return redis.call('ZREVRANGE', KEYS[1], start, start + tonumber(ARGV[2]) - 1, 'WITHSCORES')
