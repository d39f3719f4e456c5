-- Registers a media node, or renews its lease.
--   LEASES       zset, node → end of its lease, UTC milliseconds
--   INFOS        hash, node → JSON
--   TERMS        hash, node → term of its lease
--   ID           the node
--   LEASE_MS     its lease, milliseconds
--   INFO         JSON of what others see of it
--   BACKSTOP_MS  after which all keys end by themselves
-- Returns the term of the lease: another one whenever the node was not there, or its lease had run
-- out. It is kept, so that a lapse shows even when the first answer after it is lost.
--
-- @include ../prelude.lua
local LEASES, INFOS, TERMS = unpack(KEYS)
local ID, LEASE_MS, INFO, BACKSTOP_MS = unpack(ARGV)
local lease_end = call('ZSCORE', LEASES, ID)
call('ZADD', LEASES, int(now + LEASE_MS), ID)
call('HSET', INFOS, ID, INFO)
call('PEXPIRE', LEASES, BACKSTOP_MS)
call('PEXPIRE', INFOS, BACKSTOP_MS)
local term = call('HGET', TERMS, ID)
if not lease_end or tonumber(lease_end) <= now or not term then
  term = clock[1] .. '.' .. clock[2]
  call('HSET', TERMS, ID, term)
end
call('PEXPIRE', TERMS, BACKSTOP_MS)
return term
