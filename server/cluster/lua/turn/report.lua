-- Replaces a node's report of before.
--   NODE    the node
--   TTL_MS  after which it is forgotten
--   TEXT    JSON of the report
-- Returns 1.
--
-- @include pool.lua
local NODE, TTL_MS, TEXT = unpack(ARGV)
call('HSET', REPORTS, NODE, int(now + TTL_MS) .. '|' .. TEXT)
return 1
