-- Puts back what a store that lost its memory should know; does nothing if it has lost none.
--   BIRTH  names the pool if it is new
--   KNOWN  birth of the pool that the caller knows
--   TEXTS  JSON: a list of id, text (origin|JSON) and drain for each server
-- Returns 1; or 0 when nothing was to be done.
--
-- @include pool.lua
local BIRTH, KNOWN, TEXTS = unpack(ARGV)
-- Once is enough: a later caller may know servers that were removed since.
if (call('HGET', META, 'birth') or '') == KNOWN or call('HGET', META, 'restored') == KNOWN then
  return 0
end
for _, server in ipairs(cjson.decode(TEXTS)) do
  local id, text, drain = unpack(server)
  local is_operators = string.sub(text, 1, 9) == 'operator|'
  local before = call('HGET', SERVERS, id)
  -- A process that started meanwhile has said what it has configured; an operator's word counts more.
  if not before or (is_operators and string.sub(before, 1, 9) ~= 'operator|') then
    call('HSET', SERVERS, id, text)
    if is_operators then call('HDEL', SEEDS, id) else call('HSET', SEEDS, id, int(now)) end
  end
  if drain ~= '' then call('HSETNX', DRAINING, id, drain) end
end
call('HSET', META, 'restored', KNOWN)
changed(BIRTH)
return 1
