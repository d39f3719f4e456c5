-- Ends an attempt at a job.
--   ID       the job
--   FENCE    that the process has
--   TOKEN    names this call: when it is repeated it answers the same, and does nothing
--   OUTCOME  done; failed, for good; again, after it failed; or wait, which is no failure
--   TEXT     JSON of the result, or why it failed
--   AGAIN    when it may be begun again, UTC milliseconds
-- Returns 1; or 0 when another process has it, or nobody may do it any more.
--
-- @include jobs.lua
local ID, FENCE, TOKEN, OUTCOME, TEXT, AGAIN = unpack(ARGV, 3)
local job = read(ID)
if not job or job.fence ~= FENCE then return 0 end
if job.state ~= 'running' then return job.token == TOKEN and 1 or 0 end
job.token = TOKEN
if OUTCOME == 'done' then
  job.progress = '1'
  call('HSET', RESULTS, ID, TEXT)
  call('HDEL', PROBLEMS, ID)
  close(job, 'done')
  return 1
end
if job.stop == '1' then
  close(job, 'cancelled')
  return 1
end
if OUTCOME ~= 'wait' then call('HSET', PROBLEMS, ID, TEXT) end
if OUTCOME == 'failed' then
  close(job, 'failed')
  return 1
end
if OUTCOME == 'wait' then job.attempt = int(job.attempt - 1) end
job.not_before = AGAIN
job.progress = '0'
write(job, 'waiting')
call('ZADD', QUEUE, AGAIN, queued(job))
return 1
