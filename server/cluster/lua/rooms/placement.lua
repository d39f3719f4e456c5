-- Reads where the participants' media is. Returns 'ok', the epoch and the placements as pairs; or 'none'.
--
-- @include room.lua
if not exists then return { 'none' } end
return { 'ok', number('epoch'), call('HGETALL', NODES) }
