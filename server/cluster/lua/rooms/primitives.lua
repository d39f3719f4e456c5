-- Executes the primitives that operations compile to; shared/room/primitives.ts says what each means,
-- and server/cluster/redis/rooms/program.ts writes them as lists of texts. No operation has a name here.
--
-- @include room.lua
-- @include ../json.lua

-- Fields and their values are texts of JSON.
local function field_of(list, item, field)
  if field == list.word then return '"' .. item.word .. '"' end
  if field == list.flag then return item.flag == '1' and 'true' or 'false' end
  local first, last = member(item.json, field)
  return first and string.sub(item.json, first, last)
end

local conditions = {}

function conditions.present(name, id) return find(name, id) ~= false end

function conditions.absent(name, id) return not find(name, id) end

function conditions.field(name, id, field, values)
  local item = find(name, id)
  local actual = item and field_of(lists[name], item, field)
  for _, value in ipairs(values) do
    if value == actual then return true end
  end
  return false
end

function conditions.empty(name) return number(lists[name].size) == 0 end

function conditions.fewer(name, owner, than)
  return #owned_by(lists[name], owner).ids < tonumber(than)
end

local function disown(list, owner, id)
  local owned = owned_by(list, owner)
  for index = #owned.ids, 1, -1 do
    if owned.ids[index] == id then table.remove(owned.ids, index) end
  end
  owned.is_new = true
end

-- How many chat messages stay.
local chat_history = tonumber(CHAT_HISTORY)

local function drop_oldest_message(stored)
  local chat = lists.chat
  local id
  if chat.dropped < stored then
    id = string.match(call('LINDEX', CHAT, chat.dropped), '^([^|]*)|')
    chat.dropped = chat.dropped + 1
  else
    id = table.remove(chat.added, 1).id
  end
  chat.items[id], chat.gone[id] = false, true
end

local primitives = {}

-- Returns the code of the refusal unless one of the conditions holds.
function primitives.require(code, any_of)
  for _, condition in ipairs(any_of) do
    if conditions[condition[1]](unpack(condition, 2)) then return nil end
  end
  return code
end

function primitives.put(name, id, flag, word, json)
  local list, old = lists[name], find(name, id)
  local order = old and old.order
  if not order then
    set_number('seq', number('seq') + 1)
    order = int(number('seq'))
    if list.size then set_number(list.size, number(list.size) + 1) end
    if list.owned then
      local owned = owned_by(list, word)
      table.insert(owned.ids, id)
      owned.is_new = true
    end
  end
  list.items[id] = { order = order, flag = flag, word = word, json = json, is_new = true }
  list.gone[id] = nil
end

function primitives.set(name, id, field, value)
  local list, item = lists[name], find(name, id)
  if not item then return end
  if field == list.flag then
    item.flag = value == 'true' and '1' or '0'
  else
    item.json = with_member(item.json, field, value)
    if field == list.word then item.word = string.sub(value, 2, -2) end
  end
  item.is_new = true
end

function primitives.drop(name, id)
  local list, item = lists[name], find(name, id)
  if not item then return end
  list.items[id], list.gone[id] = false, true
  if list.size then set_number(list.size, number(list.size) - 1) end
  if list.owned then disown(list, item.word, id) end
end

primitives['drop-owned'] = function(name, owner)
  local ids = owned_by(lists[name], owner).ids
  for index = #ids, 1, -1 do primitives.drop(name, ids[index]) end
end

function primitives.append(name, id, word, json)
  local list = lists[name]
  if find(name, id) then return end
  list.items[id], list.gone[id] = { word = word, is_new = true }, nil
  table.insert(list.added, { id = id, json = json })
  local stored = call('LLEN', CHAT)
  while stored - list.dropped + #list.added > chat_history do drop_oldest_message(stored) end
end

-- Participants whose sessions the commit ends.
local ended = {}
primitives['end'] = function(id) table.insert(ended, id) end

-- Executes lists of a primitive and its arguments, in their order.
-- Returns the code of the first refusal; the script must not publish then.
local function execute(program)
  for _, step in ipairs(program) do
    local refusal = primitives[step[1]](unpack(step, 2))
    if refusal then return refusal end
  end
end
