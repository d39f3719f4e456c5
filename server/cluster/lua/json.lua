-- Members of JSON objects, as texts: cjson would turn [] into {} and round large numbers. For what
-- JSON.stringify wrote: without spaces, and with names that need no escapes.
local QUOTE, COMMA = 34, 44
-- What each bracket adds to the depth: [ ] { }
local DEPTH = { [91] = 1, [93] = -1, [123] = 1, [125] = -1 }

-- Where the string ends that begins at a position.
local function string_end(json, at)
  while true do
    at = string.find(json, '["\\]', at + 1)
    if string.byte(json, at) == QUOTE then return at end
    at = at + 1
  end
end

-- Where the value ends that begins at a position.
local function value_end(json, at)
  local depth = 0
  while true do
    local byte = string.byte(json, at)
    if depth == 0 and (byte == COMMA or DEPTH[byte] == -1) then return at - 1 end
    depth = depth + (DEPTH[byte] or 0)
    if byte == QUOTE then at = string_end(json, at) end
    at = at + 1
  end
end

-- Where the value of a member begins and ends; nothing where there is no such member.
local function member(json, name)
  local at = 2
  while string.byte(json, at) == QUOTE do
    local name_end = string_end(json, at)
    local first = name_end + 2
    local last = value_end(json, first)
    if string.sub(json, at + 1, name_end - 1) == name then return first, last end
    at = last + 2
  end
end

-- The object with another value in a member, in its place; or with a new last member.
local function with_member(json, name, value)
  local first, last = member(json, name)
  if first then return string.sub(json, 1, first - 1) .. value .. string.sub(json, last + 1) end
  local comma = json == '{}' and '' or ','
  return string.sub(json, 1, -2) .. comma .. '"' .. name .. '":' .. value .. '}'
end
