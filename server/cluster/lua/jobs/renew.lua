-- Renews the lease of a job.
--   ID        the job
--   FENCE     that the process has
--   LEASE_MS  the lease, milliseconds
--   PROGRESS  from 0 to 1
-- Returns 'held'; 'lost' when another process has it, or nobody may do it any more; or 'cancelled'.
--
-- @include jobs.lua
local ID, FENCE, LEASE_MS, PROGRESS = unpack(ARGV, 3)
local job = read(ID)
if not job or job.state ~= 'running' or job.fence ~= FENCE then return 'lost' end
job.progress = PROGRESS
write(job, 'running')
call('ZADD', QUEUE, int(now + LEASE_MS), queued(job))
return job.stop == '1' and 'cancelled' or 'held'
