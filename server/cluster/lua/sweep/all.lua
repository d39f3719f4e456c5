-- All rooms that are noted. Some may have ended, and one that has just begun may be missing.
--   ROOMS  zset, room → when to look at it, UTC milliseconds
-- Returns the rooms.
--
-- @include ../prelude.lua
local ROOMS = unpack(KEYS)
return call('ZRANGE', ROOMS, 0, -1)
