-- Adds a server, or replaces the one with its id.
--   BIRTH  names the pool if it is new
--   ID     the server
--   TEXT   origin|JSON
--   DRAIN  wait or move; nothing: as it is
--   MAX    how many servers the pool takes
-- Returns 1; or 0 when the pool is full.
--
-- @include pool.lua
local BIRTH, ID, TEXT, DRAIN, MAX = unpack(ARGV)
if call('HEXISTS', SERVERS, ID) == 0 and call('HLEN', SERVERS) >= tonumber(MAX) then return 0 end
call('HSET', SERVERS, ID, TEXT)
call('HDEL', SEEDS, ID)
if DRAIN ~= '' then call('HSET', DRAINING, ID, DRAIN) end
changed(BIRTH)
return 1
