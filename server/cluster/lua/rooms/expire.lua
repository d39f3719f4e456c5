-- Releases the sessions of a room whose lease ran out.
--   LEAVE, LEAVE_OP  how a participant leaves: see sessions.lua
-- Returns 'ok', how many, and in how many milliseconds the next lease ends; -1 when the room is over.
--
-- @include sessions.lua
local LEAVE, LEAVE_OP = unpack(ARGV, 5)
local released = release_expired(LEAVE, LEAVE_OP)
local next_end = call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2]
return { 'ok', released, next_end and math.max(0, tonumber(next_end) - now) or -1 }
