-- Releases the sessions of a room whose lease ran out.
-- Returns 'ok', how many, and in how many milliseconds the next lease ends; -1 when the room is over.
--
-- @include room.lua
local released = release_expired()
local next_end = call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2]
return { 'ok', released, next_end and math.max(0, tonumber(next_end) - now) or -1 }
