-- Reads the room's recording. Returns 'ok' and the recording as room.lua writes it; an empty text where there is none.
--
-- @include room.lua
if number('recordings') == 0 then return { 'ok', '' } end
local fields = call('HGETALL', STATE)
for index = 1, #fields, 2 do
  if string.sub(fields[index], 1, 2) == 'g:' then return { 'ok', fields[index + 1] } end
end
return { 'ok', '' }
