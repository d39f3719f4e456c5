-- Lists the media nodes whose lease holds, and forgets the others.
--   LEASES  zset, node → end of its lease, UTC milliseconds
--   INFOS   hash, node → JSON
--   TERMS   hash, node → term of its lease
-- Returns the JSON of each.
--
-- @include ../prelude.lua
local LEASES, INFOS, TERMS = unpack(KEYS)
for _, id in ipairs(call('ZRANGEBYSCORE', LEASES, '-inf', int(now))) do
  call('ZREM', LEASES, id)
  call('HDEL', INFOS, id)
  call('HDEL', TERMS, id)
end
return call('HVALS', INFOS)
