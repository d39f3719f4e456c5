-- Reads a room. Returns 'ok', the state as pairs and the chat; or 'none'.
--
-- @include room.lua
if not exists then return { 'none' } end
return { 'ok', call('HGETALL', STATE), call('LRANGE', CHAT, 0, -1) }
