-- Takes the job of some kinds that has waited longest: its fence rises, and a lease begins.
--   KINDS     JSON: the kinds
--   LEASE_MS  the lease, milliseconds
-- Returns the job; or false when there is none.
--
-- @include jobs.lua
local KINDS, LEASE_MS = unpack(ARGV, 3)
-- As many are looked at together. Mostly the first one is taken.
local BATCH = 100
local wanted = {}
for _, kind in ipairs(cjson.decode(KINDS)) do wanted[kind] = true end

local passed = 0
while true do
  local names = call('ZRANGEBYSCORE', QUEUE, '-inf', int(now), 'LIMIT', passed, BATCH)
  for _, name in ipairs(names) do
    local kind, id = string.match(name, '^([^|]*)|(.*)$')
    local job = wanted[kind] and read(id)
    if job and job.stop == '1' then
      -- It was to stop, and its process is gone. It is no longer in the queue.
      abandon(job)
    elseif job then
      job.fence = int(job.fence + 1)
      job.attempt = int(job.attempt + 1)
      job.progress = '0'
      write(job, 'running')
      call('ZADD', QUEUE, int(now + LEASE_MS), name)
      return show(id)
    else
      passed = passed + 1
    end
  end
  if #names < BATCH then return false end
end
