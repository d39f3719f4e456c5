-- Notes a room that is about to be renewed: no replica needs to look before its leases end.
--   ROOMS        zset, room → when to look at it, UTC milliseconds
--   ROOM         the room
--   LEASE_MS     lease of a session, milliseconds
--   BACKSTOP_MS  after which all notes end by themselves
-- Returns 1.
--
-- @include ../prelude.lua
local ROOMS = unpack(KEYS)
local ROOM, LEASE_MS, BACKSTOP_MS = unpack(ARGV)
call('ZADD', ROOMS, int(now + LEASE_MS), ROOM)
call('PEXPIRE', ROOMS, BACKSTOP_MS)
return 1
