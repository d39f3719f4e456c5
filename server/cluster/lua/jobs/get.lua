-- Reads a job.
--   ID  the job
-- Returns it; or false when there is no such job.
--
-- @include jobs.lua
local ID = unpack(ARGV, 3)
local job = read(ID)
if job then forget_old(job.kind) end
return read(ID) and show(ID) or false
