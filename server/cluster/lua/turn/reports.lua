-- Reads the reports of the nodes. Returns the texts.
--
-- @include pool.lua
local found = {}
local reports = call('HGETALL', REPORTS)
for n = 1, #reports, 2 do
  local till, text = string.match(reports[n + 1], '^(%d+)|(.*)$')
  if tonumber(till) <= now then call('HDEL', REPORTS, reports[n]) else found[#found + 1] = text end
end
return found
