-- What every script begins with: the clock of the server, and numbers as texts.
local call = redis.call
local clock = call('TIME')
-- UTC milliseconds.
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- tostring() writes large numbers with an exponent.
local function int(number) return string.format('%.0f', number) end
