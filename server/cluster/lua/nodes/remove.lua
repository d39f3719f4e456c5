-- Takes a media node out of the registry.
--   LEASES  zset, node → end of its lease, UTC milliseconds
--   INFOS   hash, node → JSON
--   TERMS   hash, node → term of its lease
--   ID      the node
-- Returns how many were there.
--
-- @include ../prelude.lua
local LEASES, INFOS, TERMS = unpack(KEYS)
local ID = unpack(ARGV)
call('HDEL', INFOS, ID)
call('HDEL', TERMS, ID)
return call('ZREM', LEASES, ID)
