-- Removes a server.
--   BIRTH  names the pool if it is new
--   ID     the server
-- Returns 1; or 0 when there is no such server.
--
-- @include pool.lua
local BIRTH, ID = unpack(ARGV)
call('HDEL', SEEDS, ID)
call('HDEL', DRAINING, ID)
if call('HDEL', SERVERS, ID) == 0 then return 0 end
changed(BIRTH)
return 1
