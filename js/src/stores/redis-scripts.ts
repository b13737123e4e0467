// What the Redis store does on the server: each script reads or writes in one atomic step. The first key is
// the hash of the values, the second the sorted set of the keys, which gives their byte order.

/** Redis takes some 8,000 values from a table at once. */
const CHUNK = 1_000;

/** The values of the keys in ARGV, in their order; false for a missing one. */
export const GET = `
local values = {}
for first = 1, #ARGV, ${CHUNK} do
  local last = math.min(first + ${CHUNK - 1}, #ARGV)
  for _, value in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV, first, last))) do
    values[#values + 1] = value
  end
end
return values`;

/**
 * ARGV: the guard ('', 'absent' or 'value'), its key, its value, how many puts, then keys with values, then
 * keys to delete. KEYS[3], where given, keeps for ten minutes that this commit happened: clients send a
 * command once more when the connection broke before its answer, and the guard would not hold a second time.
 */
export const COMMIT = `
redis.call('HLEN', KEYS[1])
redis.call('ZCARD', KEYS[2])
if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
if ARGV[1] ~= '' then
  local held = redis.call('HGET', KEYS[1], ARGV[2])
  if ARGV[1] == 'absent' and held then return 0 end
  if ARGV[1] == 'value' and held ~= ARGV[3] then return 0 end
end
local lastPut = 4 + 2 * tonumber(ARGV[4])
for first = 5, lastPut, ${CHUNK} do
  local last = math.min(first + ${CHUNK - 1}, lastPut)
  local members = {}
  for index = first, last, 2 do
    members[#members + 1] = '0'
    members[#members + 1] = ARGV[index]
  end
  redis.call('HSET', KEYS[1], unpack(ARGV, first, last))
  redis.call('ZADD', KEYS[2], unpack(members))
end
for first = lastPut + 1, #ARGV, ${CHUNK} do
  local last = math.min(first + ${CHUNK - 1}, #ARGV)
  redis.call('HDEL', KEYS[1], unpack(ARGV, first, last))
  redis.call('ZREM', KEYS[2], unpack(ARGV, first, last))
end
if KEYS[3] then redis.call('SET', KEYS[3], '1', 'PX', 600000) end
return 1`;

/** ARGV: lower and upper bound, limit, size. Gives keys and values by turns. */
export const SCAN = `
local keys = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local size = tonumber(ARGV[4])
local entries = {}
local length = 0
for _, key in ipairs(keys) do
  if length >= size then break end
  local value = redis.call('HGET', KEYS[1], key)
  if not value then return redis.error_reply('ERR the key ' .. key .. ' has no value') end
  entries[#entries + 1] = key
  entries[#entries + 1] = value
  length = length + #value
end
return entries`;

/** What the server that holds the keys says of its memory and its files; empty where it does not say. */
export const INFORMATION = `
local texts = {}
for _, section in ipairs({'memory', 'persistence'}) do
  local text = redis.pcall('INFO', section)
  if type(text) == 'string' then texts[#texts + 1] = text end
end
return table.concat(texts, '\\n')`;
