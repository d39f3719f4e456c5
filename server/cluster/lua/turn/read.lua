-- Reads the servers, unless nothing has changed.
--   VERSION, BIRTH  what the caller has read before
-- Returns version, birth, servers and draining as pairs; or false.
--
-- @include pool.lua
local VERSION, BIRTH = unpack(ARGV)
local version, birth = call('HGET', META, 'version') or '0', call('HGET', META, 'birth') or ''
if VERSION == version and BIRTH == birth then return false end
return { version, birth, call('HGETALL', SERVERS), call('HGETALL', DRAINING) }
