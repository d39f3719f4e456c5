-- Adds a participant, and opens its session with fence 1.
--   ID       the participant
--   HASH     SHA-256 of the session's resume secret
--   MAX      how many participants the room takes
--   PROGRAM  JSON of the primitives that add the participant
--   OPS      JSON of the operations, for the patch
-- Returns 'ok', the state as pairs and the chat; or 'room_full'.
--
-- @include sessions.lua
local ID, HASH, MAX, PROGRAM, OPS = unpack(ARGV, 5)
if not session(ID) and number('people') >= tonumber(MAX) then return { 'room_full' } end
hold(ID, 1, HASH)
execute(cjson.decode(PROGRAM))
publish(OPS)
return { 'ok', call('HGETALL', STATE), call('LRANGE', CHAT, 0, -1) }
