-- Adds a participant, and opens its session with fence 1.
--   ID       the participant
--   HASH     SHA-256 of the session's resume secret
--   MAX      how many participants the room takes
--   SHOWN    what was shown at the door; empty where the room has none
--   ENDS     what is refused once a host removes the participant, ids with spaces between them
--   PROGRAM  JSON of the primitives that add the participant
--   OPS      JSON of the operations, for the patch
--   BRIEF    '1': the version is enough
-- Returns 'ok', and the version, or the state as pairs and the chat; or 'room_full', or 'invitation_ended'.
--
-- @include sessions.lua
local ID, HASH, MAX, SHOWN, ENDS, PROGRAM, OPS, BRIEF = unpack(ARGV, 5)
if SHOWN ~= '' and is_removed(SHOWN) then return { 'invitation_ended' } end
if not session(ID) and number('people') >= tonumber(MAX) then return { 'room_full' } end
hold(ID, 1, HASH)
if ENDS ~= '' then call('HSET', SESSIONS, 'e:' .. ID, ENDS) end
execute(cjson.decode(PROGRAM))
publish(OPS)
if BRIEF == '1' then return { 'ok', number('version') } end
return { 'ok', call('HGETALL', STATE), call('LRANGE', CHAT, 0, -1) }
