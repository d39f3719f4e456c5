-- Sets when to look again at a room that was taken, unless it was noted anew meanwhile.
--   ROOMS    zset, room → when to look at it, UTC milliseconds
--   ROOM     the room
--   TAKEN    until when it was taken
--   NEXT_MS  in how many milliseconds to look again; nothing: never
-- Returns 1; or 0 when it was noted anew.
--
-- @include ../prelude.lua
local ROOMS = unpack(KEYS)
local ROOM, TAKEN, NEXT_MS = unpack(ARGV)
if call('ZSCORE', ROOMS, ROOM) ~= TAKEN then return 0 end
if NEXT_MS == '' then return call('ZREM', ROOMS, ROOM) end
call('ZADD', ROOMS, int(now + NEXT_MS), ROOM)
return 1
