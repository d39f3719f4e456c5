-- Ends a job that waits, or whose process is gone; one that runs is to stop.
--   ID  the job
-- Returns the job; or false when there is no such job.
--
-- @include jobs.lua
local ID = unpack(ARGV, 3)
local job = read(ID)
if not job then return false end
if job.state == 'waiting' then
  close(job, 'cancelled')
elseif job.state == 'running' then
  if tonumber(call('ZSCORE', QUEUE, queued(job))) <= now then
    abandon(job)
  else
    job.stop = '1'
    write(job, 'running')
  end
end
return show(ID)
