-- Posts M-E1 events of about 500 bytes, every one under an id of its own.
-- Arguments after `--`: key, path, events in a request, requests a second (0: as fast as it goes).
-- Everything but the id is precomputed; an id costs one `format` of a counter.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } timespec_t;
  int clock_gettime(int clock, timespec_t *now);
]]

local now = ffi.new("timespec_t")
local function seconds(clock)
  ffi.C.clock_gettime(clock, now)
  return tonumber(now.seconds) + tonumber(now.nanoseconds) / 1e9
end

local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local HEAD = '{"event_id":"'
local TAIL
local before, between, format, concat = "", "", string.format, table.concat
local count, perRequest, gap, slot = 0, 1, 0, 0
local prefix, separator = "", HEAD

function init(arguments)
  local key, path = arguments[1], arguments[2] or "/api/v1/events"
  perRequest = tonumber(arguments[3] or "1")
  local rate = tonumber(arguments[4] or "0")
  local milliseconds = math.floor(seconds(0) * 1000)
  math.randomseed(milliseconds + number * 7919)
  local time = format("%012x", milliseconds)
  prefix = format("%s-%s-7%03x-%04x-", time:sub(1, 8), time:sub(9, 12), math.random(0, 0xfff),
    0x8000 + math.random(0, 0x3fff))
  TAIL = format('","event_name":"page_view","cts":%d,"profile_id":"user_48211","session_id":'
    .. '"s_37167418a72f549e","props":{"path":"/docs/paint-tripod","referrer":'
    .. '"https://github.com/r/running/20","campaign":"cmp_backpack_3","amount":59.95,"quantity":2},'
    .. '"ctx":{"user_agent":"Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) '
    .. 'AppleWebKit/605.1.15","locale":"it-IT","device_type":"mobile","os":"iOS",'
    .. '"browser":"Safari","country":"IT","app_version":"4.4.2"}}', milliseconds)
  local length = (#HEAD + 36 + #TAIL) * perRequest
  if perRequest > 1 then length = length + perRequest + 1 end
  before = format("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: %s\r\n"
    .. "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, key, length)
  if rate > 0 then
    gap, slot = 1 / rate, seconds(1)
  else
    delay = nil
  end
end

function request()
  if perRequest == 1 then
    count = count + 1
    return before .. HEAD .. prefix .. format("%012x", count) .. TAIL
  end
  local parts = { before, "[" }
  for index = 1, perRequest do
    count = count + 1
    parts[index * 5 - 2] = index == 1 and HEAD or "," .. HEAD
    parts[index * 5 - 1] = prefix
    parts[index * 5] = format("%012x", count)
    parts[index * 5 + 1] = TAIL
    parts[index * 5 + 2] = ""
  end
  parts[#parts + 1] = "]"
  return concat(parts)
end

-- An open loop: request n is due at n / rate, whatever became of those before it.
function delay()
  slot = slot + gap
  return math.max(0, math.floor((slot - seconds(1)) * 1000))
end

function done(summary, latency)
  io.write(format(
    'RESULT {"requests":%d,"microseconds":%d,"errors":%d,"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status
      + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
