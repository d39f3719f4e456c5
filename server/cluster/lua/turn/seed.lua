-- Notes which servers the configuration of a running process names; drops those that none named for long.
--   BIRTH    names the pool if it is new
--   TTL_MS   after which a server that was not named again is dropped
--   REPLACE  1: what is there already is replaced
--   TEXTS    JSON: a list of id and text (origin|JSON) for each server
-- Returns 1.
--
-- @include pool.lua
local BIRTH, TTL_MS, REPLACE, TEXTS = unpack(ARGV)
local touched = false
-- No process reached this store for so long: a server that is missing was not taken away.
local before_at = tonumber(call('HGET', META, 'seeded') or int(now))
local was_away = now - before_at >= TTL_MS / 2
call('HSET', META, 'seeded', int(now))
for _, server in ipairs(cjson.decode(TEXTS)) do
  local id, text = unpack(server)
  local operators, before = is_operators(id)
  if not operators then
    call('HSET', SEEDS, id, int(now))
    if not before or (REPLACE == '1' and before ~= text) then
      call('HSET', SERVERS, id, text)
      touched = true
    end
  end
end
local seeds = call('HGETALL', SEEDS)
for n = 1, #seeds, 2 do
  if was_away then
    call('HSET', SEEDS, seeds[n], int(now))
  elseif now - tonumber(seeds[n + 1]) >= tonumber(TTL_MS) then
    call('HDEL', SEEDS, seeds[n])
    call('HDEL', SERVERS, seeds[n])
    call('HDEL', DRAINING, seeds[n])
    touched = true
  end
end
if touched then changed(BIRTH) end
return 1
