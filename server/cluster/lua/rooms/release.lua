-- Ends a session and removes its participant.
--   ID       the participant
--   FENCE    fence of the session
--   PROGRAM  JSON of the primitives that remove the participant
--   OPS      JSON of the operations, for the patch
-- Returns 'ok' and 1; or 0 when it was taken over, or is over already.
--
-- @include sessions.lua
local ID, FENCE, PROGRAM, OPS = unpack(ARGV, 5)
local fence = session(ID)
if fence ~= tonumber(FENCE) then return { 'ok', 0 } end
forget(ID)
execute(cjson.decode(PROGRAM))
publish(OPS)
return { 'ok', 1 }
