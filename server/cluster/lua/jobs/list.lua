-- Lists the jobs of a kind, the newest first.
--   KIND    what they do
--   PREFIX  those whose keys begin with it
--   MOST    how many at most
-- Returns the jobs.
--
-- @include jobs.lua
local KIND, PREFIX, MOST = unpack(ARGV, 3)
forget_old(KIND)
local start = KIND .. '|' .. PREFIX
local found = {}
for n, name in ipairs(call('ZRANGE', INDEX, '[' .. start, '(' .. start .. '\255', 'BYLEX')) do
  local created, id = string.match(name, '\1(%d+)\1([^\1]+)$')
  found[n] = { created = created, id = id }
end
table.sort(found, function(a, b)
  if a.created ~= b.created then return a.created > b.created end
  return a.id > b.id
end)
local jobs = {}
for n = 1, math.min(#found, tonumber(MOST)) do jobs[n] = show(found[n].id) end
return jobs
