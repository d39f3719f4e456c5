-- Takes due rooms, for as long as a lease: another replica that sweeps meanwhile takes others.
--   ROOMS     zset, room → when to look at it, UTC milliseconds
--   BATCH     how many at most
--   LEASE_MS  lease of a session, milliseconds
-- Returns until when they are taken, and the rooms.
--
-- @include ../prelude.lua
local ROOMS = unpack(KEYS)
local BATCH, LEASE_MS = unpack(ARGV)
local rooms = call('ZRANGEBYSCORE', ROOMS, '-inf', int(now), 'LIMIT', 0, BATCH)
local mine = int(now + LEASE_MS)
for _, room in ipairs(rooms) do call('ZADD', ROOMS, mine, room) end
return { mine, rooms }
