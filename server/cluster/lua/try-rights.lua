-- Runs commands, to see which of them the server refuses.
--   CALLS  JSON: lists of a command and its arguments
-- Returns command and error of each that failed.
--
-- Takes no key: without the right to it the script itself would be refused, and nothing else be tried.
local CALLS = unpack(ARGV)
local failed = {}
for _, one in ipairs(cjson.decode(CALLS)) do
  local answer = redis.pcall(unpack(one))
  if type(answer) == 'table' and answer.err then table.insert(failed, { one[1], answer.err }) end
end
return failed
