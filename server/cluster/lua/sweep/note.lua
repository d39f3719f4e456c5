-- Notes rooms that are about to be renewed: no replica needs to look before their leases end.
--   ROOMS        zset, room → when to look at it, UTC milliseconds
--   NAMES        JSON: the rooms
--   LEASE_MS     lease of a session, milliseconds
--   BACKSTOP_MS  after which all notes end by themselves
-- Returns 1.
--
-- @include ../prelude.lua
local ROOMS = unpack(KEYS)
local NAMES, LEASE_MS, BACKSTOP_MS = unpack(ARGV)
local due = int(now + LEASE_MS)
for _, room in ipairs(cjson.decode(NAMES)) do call('ZADD', ROOMS, due, room) end
call('PEXPIRE', ROOMS, BACKSTOP_MS)
return 1
