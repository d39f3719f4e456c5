-- Places a participant's media on a node: on one that the room uses already, or on another one if the
-- epoch still is the one that was read.
--   ID     the participant
--   NODE   the node
--   EPOCH  of the placement that the choice was made from
-- Returns 'ok', the epoch, pairs of a node and how many participants are on it, and the participant's node or an empty
-- text; or 'session_lost'.
--
-- @include ../sessions.lua
local ID, NODE, EPOCH = unpack(ARGV, 5)
if not session(ID) then return { 'session_lost' } end
if call('HEXISTS', STATE, 'u:' .. NODE) == 1 or number('epoch') == tonumber(EPOCH) then
  assign(ID, NODE)
  touch()
end
return { 'ok', number('epoch'), counted(), call('HGET', NODES, ID) or '' }
