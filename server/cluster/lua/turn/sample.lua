-- Keeps a sample of the present, unless one was kept lately.
--   EVERY_MS  how lately
--   KEPT      how many samples are kept
--   TEXT      JSON of the sample
-- Returns 1; or 0 when it was not kept.
--
-- @include pool.lua
local EVERY_MS, KEPT, TEXT = unpack(ARGV)
if now - tonumber(call('HGET', META, 'sampled') or '0') < tonumber(EVERY_MS) then return 0 end
call('HSET', META, 'sampled', int(now))
call('RPUSH', SAMPLES, TEXT)
call('LTRIM', SAMPLES, -KEPT, -1)
return 1
