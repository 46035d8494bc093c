#include "store/redis_lua.hpp"

namespace weir::store::lua {

const std::string_view basics = R"lua(
local call, floor, tonumber = redis.call, math.floor, tonumber
local two53, most = 9007199254740992, 4503599627370496
local forever = 316224000000000
local pack, unpack_at = struct.pack, struct.unpack
local now, slack = 0, tonumber(ARGV[3])

-- The algorithms by their letters. What a request does not need is not even defined.
local groups = {}
local kinds = setmetatable({}, {__index = function(found, letter)
  groups[letter]()
  return rawget(found, letter)
end})

-- The quotient and the remainder of a b / d, where the quotient is below 2^53 and d below 2^52.
local function muldiv(a, b, d)
  local p = a * b
  if p < two53 then
    local r = p % d
    return (p - r) / d, r
  end
  local rest = b % d
  local q, r, part, bit = a * ((b - rest) / d), 0, 0, 1
  p = a * rest
  if p < two53 then
    r = p % d
    return q + (p - r) / d, r
  end
  while bit <= a do bit = bit * 2 end
  while bit >= 1 do
    part, r = part * 2, r * 2
    if r >= d then r = r - d; part = part + 1 end
    if a >= bit then
      a, r = a - bit, r + rest
      if r >= d then r = r - d; part = part + 1 end
    end
    bit = bit / 2
  end
  return q + part, r
end

local function ttl_of(us)
  local ms = us / 1000
  if ms < 0 then ms = 0 end
  return string.format('%.0f', math.ceil(ms) + slack)
end

local function write2(s, lives, a, b)
  call('SET', s.key, string.format('%.0f %.0f', a, b), 'PX', ttl_of(lives))
end

local function write3(s, lives, a, b, c)
  call('SET', s.key, string.format('%.0f %.0f %.0f', a, b, c), 'PX', ttl_of(lives))
end

local function read2(s)
  local text = call('GET', s.key)
  if not text then return nil end
  local a, b = string.match(text, '(%S+) (%S+)')
  return tonumber(a), tonumber(b)
end

local function read3(s)
  local text = call('GET', s.key)
  if not text then return nil end
  local a, b, c = string.match(text, '(%S+) (%S+) (%S+)')
  return tonumber(a), tonumber(b), tonumber(c)
end

-- The end of the window that now lies in: counted from 1970, or beginning now.
local function window_end(from_epoch, window)
  if from_epoch == 1 then return now - now % window + window end
  return now + window
end
)lua";

// The costs in the order in which they came: a string of records of 16 bytes, each a position and
// the sum of all costs through it modulo 2^52, of which only differences have a meaning. The first
// record has the origin that positions are counted from, and the sum of all that was forgotten.
const std::string_view cost_log = R"lua(
local Log

local function need_log()
if Log then return end
Log = {}
Log.__index = Log

function Log.open(key)
  local size = call('STRLEN', key)
  local log = setmetatable({key = key, n = size / 16, lives = 0}, Log)
  if size > 0 and size <= 2048 then log.text = call('GET', key) end
  if size > 0 then
    log.origin = log:at(0)
    log.newest, log.total = log:at(log.n - 1)
  end
  return log
end

function Log:at(i)
  if self.text then return unpack_at('<dd', self.text, i * 16 + 1) end
  return unpack_at('<dd', call('GETRANGE', self.key, i * 16, i * 16 + 15))
end

function Log:put(text)
  self.text, self.n = text, #text / 16
  call('SET', self.key, text, 'PX', ttl_of(self.lives))
  self.origin = self:at(0)
  self.newest, self.total = self:at(self.n - 1)
end

function Log:behind(i)
  local _, sum = self:at(i)
  return (self.total - sum) % most
end

-- The first record after that position.
function Log:first_after(expired)
  local low, high = 1, self.n
  while low < high do
    local middle = floor((low + high) / 2)
    if self:at(middle) <= expired then low = middle + 1 else high = middle end
  end
  return low
end

function Log:sum_after(expired)
  if self.n == 0 then return 0 end
  return self:behind(self:first_after(expired) - 1)
end

-- Through which position costs have to go for at most `room` to be left.
function Log:position_leaving(expired, room)
  if self.n == 0 then return nil end
  local low, high = self:first_after(expired), self.n
  if self:behind(low - 1) <= room then return nil end
  while low < high do
    local middle = floor((low + high) / 2)
    if self:behind(middle) > room then low = middle + 1 else high = middle end
  end
  return (self:at(low))
end

function Log:start(origin)
  self:put(pack('<dd', origin, 0))
end

function Log:add(position, cost, expired)
  if self.n == 0 then self:start(0) end
  local sum = (self.total + cost) % most
  local record = pack('<dd', position, sum)
  if self.n > 1 and self.newest == position then
    call('SETRANGE', self.key, (self.n - 1) * 16, record)
    if self.text then self.text = string.sub(self.text, 1, -17) .. record end
  else
    local dead = self.n > 8 and self:first_after(expired) - 1 or 0
    if dead * 2 > self.n then
      local _, forgotten = self:at(dead)
      self:put(pack('<dd', self.origin, forgotten) ..
               call('GETRANGE', self.key, (dead + 1) * 16, -1))
    end
    call('APPEND', self.key, record)
    if self.text then self.text = self.text .. record end
    self.n = self.n + 1
  end
  self.newest, self.total = position, sum
  call('PEXPIRE', self.key, ttl_of(self.lives))
end

function Log:take_back(position, cost)
  if self.n == 0 then return end
  self.text = self.text or call('GET', self.key)
  local i = self:first_after(position) - 1
  if i == 0 then return end
  local at, sum = self:at(i)
  if at ~= position then return end
  local _, before = self:at(i - 1)
  local taken = math.min(cost, (sum - before) % most)
  local parts = {}
  for k = i, self.n - 1 do
    local p, s = self:at(k)
    parts[#parts + 1] = pack('<dd', p, (s - taken) % most)
  end
  self:put(call('GETRANGE', self.key, 0, i * 16 - 1) .. table.concat(parts))
  local n = self.n
  while n > 1 and self:behind(n - 2) == 0 do n = n - 1 end
  if n < self.n then self:put(string.sub(self.text, 1, n * 16)) end
end

-- Forgets the oldest costs as long as those behind them sum to `enough`.
function Log:forget_covered(expired, enough)
  local i = self:first_after(expired)
  while i < self.n and self:behind(i) >= enough do
    call('SETRANGE', self.key, i * 16, pack('<d', -two53))
    if self.text then
      self.text = string.sub(self.text, 1, i * 16) .. pack('<d', -two53) ..
                  string.sub(self.text, i * 16 + 9)
    end
    i = i + 1
  end
end

end
)lua";

}  // namespace weir::store::lua
