-- The TURN pool in Redis: one hash tag for all of it, as it is read together and small.
--   SERVERS   hash  id → origin|JSON; the secrets are in here and nowhere else
--   DRAINING  hash  id → wait or move
--   SEEDS     hash  id → when a process last named it from its configuration, UTC milliseconds
--   META      hash  version, birth, restored (from which birth), seeded and sampled (when last)
--   REPORTS   hash  node → end, UTC milliseconds|JSON
--   SAMPLES   list  JSON, oldest first
--
-- @include ../prelude.lua
local SERVERS, DRAINING, SEEDS, META, REPORTS, SAMPLES = unpack(KEYS)
local function changed(birth)
  call('HINCRBY', META, 'version', 1)
  call('HSETNX', META, 'birth', birth)
end
local function is_operators(id)
  local text = call('HGET', SERVERS, id)
  return text and string.sub(text, 1, 9) == 'operator|', text
end
