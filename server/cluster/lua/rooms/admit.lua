-- Adds a participant, and opens its session with fence 1.
--   ID, ONLINE, ROLE, JSON  the participant
--   HASH                    SHA-256 of the session's resume secret
--   MAX                     how many participants the room takes
--   OPS                     JSON of the operations, for the patch
-- Returns 'ok', the state as pairs and the chat; or 'room_full'.
--
-- @include room.lua
local ID, HASH, MAX, ONLINE, ROLE, JSON, OPS = unpack(ARGV, 5)
if not session(ID) and count >= tonumber(MAX) then return { 'room_full' } end
hold(ID, 1, HASH)
apply.join(ID, ONLINE, ROLE, JSON)
publish(OPS)
return { 'ok', call('HGETALL', STATE), call('LRANGE', CHAT, 0, -1) }
