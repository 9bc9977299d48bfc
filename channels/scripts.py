"""The steps of a lane, as Redis takes them: all of a step or nothing of it, whoever else is at work."""

# ARGV[5]: what becomes of the mark KEYS[4] if the item is new: 'set', 'del' or ''
PUT = """
if ARGV[1] ~= '' and not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then return 0 end
if ARGV[5] == 'set' then redis.call('SET', KEYS[4], '1') elseif ARGV[5] == 'del' then redis.call('DEL', KEYS[4]) end
if redis.call('RPUSH', KEYS[2], ARGV[4]) == 1 then
  redis.call('XADD', KEYS[3], '*', 'lane', ARGV[3], 'item', ARGV[4])
end
return 1
"""

# KEYS: ready, lane, aside, trying, later, then lane and ready of each that follows
# ARGV: group, entry, worker, lane, item to set aside or '', why, most aside, seconds aside, when to do it or '', item,
# then lane and item of each
FINISH = """
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #pending == 0 or pending[1][2] ~= ARGV[3] then return 0 end
redis.call('LPOP', KEYS[2])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('DEL', KEYS[4])
local head = redis.call('LINDEX', KEYS[2], 0)
if head then redis.call('XADD', KEYS[1], '*', 'lane', ARGV[4], 'item', head) end
if ARGV[5] ~= '' then
  redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[7], '*', 'lane', ARGV[4], 'item', ARGV[5], 'why', ARGV[6])
  redis.call('EXPIRE', KEYS[3], ARGV[8])
end
if ARGV[9] ~= '' then redis.call('ZADD', KEYS[5], ARGV[9], cjson.encode({ARGV[2], ARGV[4], ARGV[10]})) end
local argument = 11
for key = 6, #KEYS, 2 do
  if redis.call('RPUSH', KEYS[key], ARGV[argument + 1]) == 1 then
    redis.call('XADD', KEYS[key + 1], '*', 'lane', ARGV[argument], 'item', ARGV[argument + 1])
  end
  argument = argument + 2
end
return 1
"""

# ARGV[4]: how often it counts as taken, '' as it stands
KEEP = """
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #pending == 0 or pending[1][2] ~= ARGV[3] then return 0 end
local tries = ARGV[4] == '' and pending[1][4] or ARGV[4]
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, ARGV[2], 'IDLE', 0, 'RETRYCOUNT', tries, 'JUSTID')
return 1
"""


# KEYS: ready, trying, then marks that forbid it. ARGV[4]: now, ARGV[5]: how long it is remembered
BEGIN = """
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #pending == 0 or pending[1][2] ~= ARGV[3] then return 'lost' end
for key = 3, #KEYS do
  if redis.call('EXISTS', KEYS[key]) == 1 then return KEYS[key] end
end
local before = redis.call('GET', KEYS[2])
if before then return before end
redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[5])
return 'begun'
"""

# KEYS: later, ready. ARGV: now, prefix of a lane, most at once
DUE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, each in ipairs(due) do
  local it = cjson.decode(each)
  if redis.call('RPUSH', ARGV[2] .. it[2], it[3]) == 1 then
    redis.call('XADD', KEYS[2], '*', 'lane', it[2], 'item', it[3])
  end
  redis.call('ZREM', KEYS[1], each)
end
return #due
"""

# KEYS: aside, ready. ARGV: id, prefix of a lane, the item as it now is
AGAIN = """
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if #found == 0 then return 0 end
local it = {}
for n = 1, #found[1][2], 2 do it[found[1][2][n]] = found[1][2][n + 1] end
if redis.call('RPUSH', ARGV[2] .. it['lane'], ARGV[3]) == 1 then
  redis.call('XADD', KEYS[2], '*', 'lane', it['lane'], 'item', ARGV[3])
end
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
"""
