-- Begins or ends the drain of a server.
--   BIRTH  names the pool if it is new
--   ID     the server
--   DRAIN  wait or move; nothing: the drain ends
-- Returns 1; or 0 when there is no such server.
--
-- @include pool.lua
local BIRTH, ID, DRAIN = unpack(ARGV)
if call('HEXISTS', SERVERS, ID) == 0 then return 0 end
if DRAIN == '' then call('HDEL', DRAINING, ID) else call('HSET', DRAINING, ID, DRAIN) end
changed(BIRTH)
return 1
