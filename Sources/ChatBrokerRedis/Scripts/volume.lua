-- Says which volume the upload workers share, and records it where none is known.
--
-- KEYS[1] the volume's id (STRING)
-- ARGV[1] the id of the asking worker's volume, '' where it has none
--
-- Replies with the id that is known now, '' for none. Where both agree it is written again, so that a Redis that refuses
-- writes (OOM, READONLY, MISCONF, NOREPLICAS) refuses this too: it is the workers' probe.

local known = redis.call('GET', KEYS[1])
if ARGV[1] ~= '' and (not known or known == ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
  return ARGV[1]
end
return known or ''
