-- Adds a job, unless there is an unfinished one of its kind and key.
--   ID          of the job; one that is there already was added by this very call, which is repeated
--   KIND, KEY   what is to be done, and about what
--   PAYLOAD     JSON
--   NOT_BEFORE  when it may be begun, UTC milliseconds; nothing: at once
--   MAX         how many unfinished jobs there may be
-- Returns the job; or false when there are too many.
--
-- @include jobs.lua
local ID, KIND, KEY, PAYLOAD, NOT_BEFORE, MAX = unpack(ARGV, 3)
if read(ID) then return show(ID) end
local there = call('HGET', OPEN, KIND .. '|' .. KEY)
if there then return show(there) end
if call('HLEN', OPEN) >= tonumber(MAX) then return false end
local job = {
  id = ID, kind = KIND, key = KEY, attempt = 0, not_before = NOT_BEFORE, created = int(now), progress = 0,
  fence = 0, stop = 0, token = '',
}
if NOT_BEFORE == '' then job.not_before = int(now) end
write(job, 'waiting')
call('HSET', PAYLOADS, ID, PAYLOAD)
call('HSET', OPEN, opened(job), ID)
call('ZADD', QUEUE, job.not_before, queued(job))
call('ZADD', INDEX, 0, indexed(job))
forget_old(KIND)
return show(ID)
