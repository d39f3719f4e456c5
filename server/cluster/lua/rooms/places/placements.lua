-- Reads where the media of each participant is, or of one.
--   ID  the participant; an empty text: all
-- Returns 'ok' and the placements as pairs; or 'none'.
--
-- @include ../room.lua
local ID = unpack(ARGV, 5)
if not exists then return { 'none' } end
if ID == '' then return { 'ok', call('HGETALL', NODES) } end
local node = call('HGET', NODES, ID)
return { 'ok', node and { ID, node } or {} }
