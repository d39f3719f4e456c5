-- Counts the jobs. Returns kind|state and how many, in turns.
--
-- @include jobs.lua
return call('HGETALL', COUNTS)
