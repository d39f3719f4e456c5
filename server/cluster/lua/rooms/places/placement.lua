-- Reads on which nodes a room is. Returns 'ok', the epoch, and pairs of a node and how many participants are on it; or
-- 'none'.
--
-- @include ../sessions.lua
if not exists then return { 'none' } end
return { 'ok', number('epoch'), counted() }
