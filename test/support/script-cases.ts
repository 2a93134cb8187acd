/**
 * Scripts that are run here and in redis-server: every function of the API, with arguments that are
 * wrong too, and what the sandbox refuses. One a line.
 *
 * @module
 */

export const SCRIPTS: readonly string[] = String.raw`
return redis.call('foo')
return redis.pcall('foo')
error('x')
error({err='My thing'})
error({err='My thing', source='abc', line=7})
error()
error(nil)
error(12)
error(true)
error('x',0)
error('x',2)
return {err='abc'}
return {err='ERR abc'}
return {err=''}
return {err=12}
return {ok='abc\r\ndef'}
return {ok=12}
return {err='a\r\nb'}
return redis.error_reply('foo')
return redis.error_reply('-FOO bar')
return redis.error_reply('FOO bar')
return redis.error_reply()
return redis.error_reply(12)
return redis.status_reply('foo')
return redis.status_reply(1,2)
local ok,t=pcall(redis.call) return t
return redis.call()
return redis.call({})
return redis.pcall()
return redis.pcall({})
return redis.call('set','a')
return redis.call('xread','block','0','streams','s','0')
return redis.call('xread','block','x','streams','s','0')
return redis.call('xread','count','z','block','5','streams','s','0')
return redis.pcall('xreadgroup','group','g','c','block','0','streams','s','>')
return redis.call('set','a',0.1) and redis.call('get','a')
return {1.9,-1.9,1e30,-1e30,0/0,1/0,2^53, 9007199254740993}
return {1,2,nil,4}
return {true,false,3,'x',{4},function() end}
return function() end
return false
return true
return nil

return 1, 2
a=1
return a
return _G.a
return rawget(_G,'a')
rawset(_G,'a',1)
redis.call=nil
string.x=1
setmetatable(_G,{})
getmetatable('').__index=1
getmetatable('').x=1
return getmetatable('')~=nil
return redis.breakpoint
return redis.debug('x')
return redis.breakpoint()
return redis.replicate_commands()
return redis.setresp(4)
return redis.setresp()
return redis.setresp('a')
return redis.setresp(3)
return redis.set_repl(0)
return redis.set_repl(9)
return redis.set_repl()
return redis.log()
return redis.log(0)
return redis.log('x','y')
return redis.log(9,'y')
return redis.log(-1,'y')
return redis.sha1hex()
return redis.sha1hex('')
return redis.sha1hex(12.5)
return redis.sha1hex({})
return redis.sha1hex('a','b')
return redis.acl_check_cmd('set','a','b')
return redis.acl_check_cmd('foo','a','b')
return redis.acl_check_cmd()
return redis.acl_check_cmd('set')
return redis.acl_check_cmd({})
return redis.register_function
return math.random(0)
return math.random(3,1)
return math.random(1,2,3)
return math.random(0,4294967296)
return os.clock()
return newproxy
return getfenv
local a,b=pcall(function() error({err='q',x=1}) end) return {tostring(a),type(b)}
local a,b=pcall(function() error({1,2}) end) return {tostring(a),type(b),b[1]}
local a,b=pcall(function() error({err=5}) end) return {tostring(a),type(b)}
local a,b=pcall(redis.call,'get') return b
local a,b=pcall(redis.call,'incr','lst') return b
local a=redis.call('incr','lst')
return redis.call('eval','return 1',0)
return redis.call('object','foo')
return redis.call('object')
return redis.call('script','load','return 1')
return x('
return 1 end function foo() return 2
local x = 'abc
return {type(loadstring('return 1')), loadstring('return 7')()}
local a,b=loadstring('retu rn') return b
local a,b=loadstring('x=1') return a()
local a,b=loadstring('return zz','@chunky') return a()
return load(function() return nil end)()
return ...
return setmetatable({},{__index=function(t,k) if k=='ok' then return 'x' end end})
return {err='x',ok='y'}
return {double=3.1}
return {double=3.0}
return {map={a=1}}
return {set={a=true}}
return {big_number='123'}
return {verbatim_string={string='abc',format='txt'}}
redis.setresp(3) return redis.call('hgetall','nohash')
redis.setresp(3) local r=redis.call('hgetall','h') return {type(r),type(r.map),r.map.a}
redis.setresp(3) local r=redis.call('get','nokey') return {type(r)}
redis.setresp(3) return redis.call('hgetall','h')
redis.setresp(3) return redis.call('zscore','z','m')
redis.setresp(3) return redis.call('smembers','s')
redis.setresp(3) local r=redis.call('xrange','nos','-','+') return type(r)
return redis.call("function","list")
return redis.call("function","help")
return redis.call("script","help")
return redis.call("SET")
return redis.call("GET",1,2)
return redis.call("spop","nosuch")
return redis.call("lpush","str","x")
local a,b=pcall(redis.call,"lpush","str","x") return {b}
return redis.call("incr","str")
coroutine.yield(1)
return {coroutine.running()==nil}
local t={} t.x.y=1
local function f() return f() end local function g(n) return 1+g(n) end return g(1)
return table.concat({1,2,{}})
return unpack({1,2,3},1,100000000)
return {unpack({1,2,3},-2147483648,2147483647)}
return string.format("%d",3.7)
return string.format("%s",nil)
return string.format("%5.2f|%q|%x|%g",3.14159,"a\nb",255,1e20)
return tostring(1e15)..tostring(1e14)..tostring(0.1)..tostring(-0)
return collectgarbage("count")>0
return collectgarbage()
return gcinfo()>0
return bit.tohex(-1,-2147483648)
return {_VERSION, type(_G), _G._G==_G}
KEYS={} 
KEYS[5]=1 return KEYS[5]
return rawequal(_G, _G)
local t=setmetatable({},{__tostring=function() return "hi" end}) return tostring(t)
local t = {} t[1]=t return 1
return {nil}
return {{{{{}}}}}
local t={} for i=1,5 do t={t} end return t
error("multi\r\nline")
error("ERR x")
error("WRONGTYPE x",0)
return error_reply
return redis.error_reply("a b\nc")
return redis.error_reply("-ERR a b\nc")
return redis.error_reply("-")
return redis.error_reply("")
return redis.error_reply("x\r\n")
return redis.status_reply("x\r\ny")
return redis.status_reply("-x")
math.randomseed(1) return {math.random(10),math.random(-5,5),math.random(100,1e9)}
return redis.log(3)
return type(redis.breakpoint())
return type(redis.debug())
redis.setresp(3) return true
redis.setresp(3) return {false,true,redis.call("get","nokey")==nil}
return setmetatable({},{__index=function(t,i) if i<3 then return i end end})
return redis.call("get",true)
return redis.call("get",nil)
return redis.call(12)
redis.set_repl(1,2)
redis.setresp("3") return 1
redis.log("2","xx")
return {redis.sha1hex(nil),redis.sha1hex(true)}
return 2^63
return -2^63
return 9223372036854774784
return type(ARGV)
for i=1,10 do redis.call("get","x") end return redis.call("lrange","lst",0,-1)
return redis.call("incrbyfloat","fl",1.5)
local ok,e=pcall(error,{err="E1"}) return e
local ok,e=pcall(error,"E1") return e
return redis.error_reply("A","B")
assert(false)
assert(false,"msg")
assert(false,{err="msg"})
assert(nil,redis.error_reply("xx"))
return pcall(function() assert(false,{err="msg"}) end)
return select(2,pcall(function() return 1 end))
string.rep("x",-1) return ("x"):rep(3)
return string.gsub("abc","(","x")
return tonumber("0x10")..tonumber("1e2")..tostring(tonumber("z",36))
local function f(a,...) return select("#",...) end return f(1,2,3)
return #arg
local function f(...) return #arg end return f(1,2,3)
return struct.pack("")
return struct.pack("b",200)
return struct.pack(">I2hHlLTifd",1,2,3,4,5,6,7,1.5,2.5)
return struct.pack("<I2!4xxbI4",1,2,3)
return struct.pack("!8bI8",1,2)
return struct.pack("!bI8",1,2)
return struct.pack("!16bI8",1,2)
return struct.pack("!32bI8",1,2)
return struct.pack("!3bI8",1,2)
return struct.pack("I33",1)
return struct.pack("I9",1)
return struct.pack("I32",-1)
return struct.pack("I0",1)
return struct.pack("s","abc")
return struct.pack("c0","abc")
return struct.pack("c2","abc")
return struct.pack("c5","abc")
return struct.pack("c","abc")
return struct.pack("z")
return struct.pack("b")
return struct.pack("b","x")
return struct.pack(" b b",1,2)
return struct.pack("=b",1)
return struct.pack("B",1e300)
return struct.pack("I4",-1.9)
return struct.pack("I4",2^33+5)
return struct.pack("I8",2^63)
return struct.pack("I8",1e30)
return struct.size("I4bs")
return struct.size("c0")
return struct.size("!8bI8")
return struct.size("c2147483647c2147483647")
return struct.size("c99999999999")
return struct.size("I4bx>!4h")
return struct.unpack("I4","abc")
return {struct.unpack("bBhH","\255\255\1\2\3\4")}
return {struct.unpack("s","abc\0def")}
return {struct.unpack("s","abc")}
return {struct.unpack("bc0","\3abcdef")}
return {struct.unpack("c0","abc")}
return {struct.unpack("bc0","\9abcdef")}
return {struct.unpack("b","abc",2)}
return {struct.unpack("b","abc",4)}
return {struct.unpack("b","abc",0)}
return {struct.unpack("b","abc",-1)}
return {struct.unpack("","abc",100)}
return {struct.unpack("fd",struct.pack("fd",1.5,2.5))}
return {tostring((struct.unpack("I8",struct.pack("I8",2^63))))}
return {tostring((struct.unpack("i8",struct.pack("I8",2^63))))}
return {tostring((struct.unpack("i16",struct.pack("i16",-5))))}
return {tostring((struct.unpack("I3","\1\2\255")))}
return {tostring((struct.unpack("i3","\1\2\255")))}
return {struct.unpack("xxb","abc")}
return struct.pack("!0b",1)
return struct.pack("!1234b",1)
return struct.pack("q",1)
return struct.pack("bs",1,"a\0b")
return {struct.unpack("c3",  "ab")}
return struct.pack("bc0",1,"a\0b")
return {pcall(struct.unpack,"bbbbbbbb", "1234567")}
return {pcall(struct.unpack,"c2147483647","x")}
return {pcall(struct.unpack,"x",  "")}
return {pcall(struct.unpack,"!8bxI8",  "1234567890123456789")}
return {pcall(struct.pack,"!8bxI8",1,2)}
return {pcall(struct.pack,"!4bd",1,2)}
return {pcall(struct.pack,"!8bs",1,"x")}
return {pcall(struct.pack,"!8bc4",1,"xabc")}
return {pcall(struct.pack,"!8bI3",1,7)}
return {pcall(struct.pack,"!8bI12",1,7)}
return {pcall(struct.unpack,"b")}
return {pcall(struct.size)}
return {pcall(struct.unpack,"i8s","12345678abc")}
return cmsgpack.pack(1)
return cmsgpack.pack()
return cmsgpack.unpack()
return {cmsgpack.unpack("")}
return cmsgpack.pack(0.1,1/0,0/0,2^53,2^63,-2^63,1e300,3.4e38)
return cmsgpack.pack({1,2,nil,4})
return cmsgpack.pack({[1]=1,[2]=2,[4]=4})
return cmsgpack.pack({[0]=1})
return cmsgpack.pack({[1.5]=1})
return cmsgpack.pack(function() end)
return cmsgpack.pack(cjson.null)
local t={} t.t=t return cmsgpack.pack(t)
local t={} for i=1,20 do t={t} end return cmsgpack.pack(t)
local t=cmsgpack.pack({1,{2,{3}}}) return cmsgpack.unpack(t)
return {cmsgpack.unpack(cmsgpack.pack(1,2,3))}
return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3))}
return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),1)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),2)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),2,1)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),0)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),-1)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),1,-1)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),1,4)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),5)}
return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),3)}
return {cmsgpack.unpack("\193")}
return {cmsgpack.unpack("\205\1")}
return {cmsgpack.unpack("\1\205\1")}
return {cmsgpack.unpack("\147\1\2")}
return {cmsgpack.unpack("\129\1")}
return {cmsgpack.unpack("\129\192\1")}
return {cmsgpack.unpack("\220\255\255")}
return {cmsgpack.unpack("\221\255\255\255\255")}
return {cmsgpack.unpack("\196\2ab\217\2cd\218\0\1e\219\0\0\0\1f")}
return {cmsgpack.unpack("\212\1a")}
return {cmsgpack.unpack("\207\255\255\255\255\255\255\255\255")}
return {cmsgpack.unpack("\211\255\255\255\255\255\255\255\255")}
return {cmsgpack.unpack("\202\63\192\0\0")}
return {cmsgpack.unpack("\192\194\195")}
return cmsgpack.unpack(string.rep("\145",300).."\1")
return cmsgpack.unpack(5)
return cmsgpack.unpack({})
return cmsgpack.pack(setmetatable({},{__index={1,2}}))
return cmsgpack.pack({[1]=1,a=2})
return cmsgpack.pack({[2]=1,[1]=5})
return cmsgpack.pack({[-1]=1})
return cmsgpack.pack({[true]=1})
return cmsgpack.pack(("x"):rep(32))
return cmsgpack.pack("12",12.0,-0.0)
local a={} for i=1,70 do a[i]=i end return #{cmsgpack.unpack(cmsgpack.pack(unpack(a)))}
`
  .trim()
  .split('\n')

/** Scripts that are more than a line, and the commands around them. */
export const COMMANDS: readonly string[][] = [
  ['EVAL', '\nreturn (', '0'],
  ['EVAL', 'return 1\nfoo bar', '0'],
  ['EVAL', 'return #{...}', '0', 'a'],
  ['EVAL', "return select('#',...)", '0', 'a'],
  ['EVAL', 'return 1'],
  ['EVAL', 'return 1', 'x'],
  ['EVAL', 'return 1', '-1'],
  ['EVAL', 'return 1', '2', 'a'],
  ['EVAL', 'return {KEYS[1],ARGV[1],ARGV[2],#KEYS,#ARGV}', '1', 'a', 'b', 'c'],
  ['EVAL', '#!lua\nreturn 1', '0'],
  ['EVAL', "#!lua flags=no-writes\nreturn redis.call('set','a',1)", '0'],
  ['EVAL', "#!lua flags=no-writes\nreturn redis.pcall('set','a',1)", '0'],
  ['EVAL', '#!lua flags=foo\nreturn 1', '0'],
  ['EVAL', '#!lua flags=\nreturn 1', '0'],
  ['EVAL', '#!lua name=foo\nreturn 1', '0'],
  ['EVAL', '#!lua foo=bar\nreturn 1', '0'],
  ['EVAL', '#!lua foo\nreturn 1', '0'],
  ['EVAL', '#!js\nreturn 1', '0'],
  ['EVAL', '#!js', '0'],
  ['EVAL', '#!lua', '0'],
  ['EVAL', '#!\nreturn 1', '0'],
  ['EVAL', '#!lua flags=no-writes flags=allow-oom\nreturn 1', '0'],
  ['EVAL', '#!lua flags=no-writes,\nreturn 1', '0'],
  ['EVAL', '#!lua flags=no-writes , allow-oom\nreturn 1', '0'],
  ['EVAL', "#!lua\n\nerror('x')", '0'],
  ['EVAL', '#!lua\nx=(', '0'],
  ['EVAL', '#!lua\nreturn {KEYS[1]}', '0'],
  ['EVAL_RO', "return redis.call('set','a',1)", '0'],
  ['EVAL_RO', "return redis.call('get','a')", '0'],
  ['EVAL_RO', "return redis.pcall('set','a',1)", '0'],
  ['EVALSHA', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', '0'],
  ['EVALSHA', 'E0E1F9FABFC9D4800C877A703B823AC0578FF8DB', '0'],
  ['EVALSHA', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8d', '0'],
  ['EVALSHA', 'ffffffffffffffffffffffffffffffffffffffff', '0'],
  ['EVALSHA_RO', 'ffffffffffffffffffffffffffffffffffffffff', '0'],
  ['EVALSHA', 'ffffffffffffffffffffffffffffffffffffffff'],
  ['SCRIPT', 'LOAD', 'return 5'],
  ['SCRIPT', 'LOAD', 'return ('],
  ['SCRIPT', 'LOAD', '#!lua flags=foo\nreturn 1'],
  ['SCRIPT', 'LOAD'],
  ['SCRIPT', 'EXISTS'],
  ['SCRIPT', 'KILL'],
  ['SCRIPT', 'FLUSH', 'x'],
  ['SCRIPT', 'FLUSH', 'async'],
  ['SCRIPT', 'FLUSH', 'SYNC'],
  ['SCRIPT', 'FLUSH', 'SYNC', 'a'],
  ['SCRIPT', 'EXISTS', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db'],
  ['SCRIPT', 'DEBUG', 'NO'],
  ['SCRIPT', 'DEBUG', 'x'],
  ['SCRIPT', 'HELP'],
  ['SCRIPT', 'foo'],
  ['SCRIPT'],
  ['EVAL', 'local function f() return redis.call("incr","str") end\n\n return f()', '0'],
  ['SCRIPT', 'FLUSH'],
  ['EVAL', '\n\nlocal function x()\n error("deep") end\n x()', '0'],
]

/** FUNCTION LOAD of a library with these lines. */
function library(head: string, ...lines: readonly string[]): string[] {
  return ['FUNCTION', 'LOAD', [`#!lua name=${head}`, ...lines].join('\n')]
}

const NOTHING = 'function() end'

/** Libraries that are refused, whatever is loaded. */
const REFUSED: readonly string[][] = [
  ['FUNCTION', 'LOAD', '#!lua name=lib'],
  ['FUNCTION', 'LOAD', '#!lua\nreturn 1'],
  ['FUNCTION', 'LOAD', '#!lua name=lib name=b\nreturn 1'],
  ['FUNCTION', 'LOAD', 'return 1'],
  ['FUNCTION', 'LOAD', '#!js name=a\nreturn 1'],
  ['FUNCTION', 'LOAD', '#!js\n'],
  ['FUNCTION', 'LOAD', '#!\nx'],
  ['FUNCTION', 'LOAD', '#! name=x\nx'],
  ['FUNCTION', 'LOAD', "#!lua  name='a b'\n"],
  ['FUNCTION', 'LOAD', '#!lua name="a\n'],
  ['FUNCTION', 'LOAD', '#!LUA name=abc\nreturn 1'],
  ['FUNCTION', 'LOAD', '#!lua NAME=zz\nreturn 1'],
  library('a-b', 'return 1'),
  library('', 'return 1'),
  library('a flags=no-writes', 'return 1'),
  library('a foo', 'return 1'),
  library('"abc"', 'return 1'),
  library('lib', ''),
  library('lib', 'return ('),
  library('lib', "error('x')"),
  library('lib', "redis.call('get', 'a')"),
  library('lib', "redis.pcall('get', 'a')"),
  library('lib', 'a = 1'),
  library('lib', 'return a'),
  library('lib', 'local g = _G'),
  library('lib', 'local m = math.random()'),
  library('lib', "local s = redis.sha1hex('')"),
  library('lib', 'redis.setresp(3)'),
  library('lib', 'redis.x = 1'),
  library('lib', 'local t = {} t.x.y = 1'),
  library('lib', 'local r = redis', 'local t = r.foo'),
  library('lib', 'redis.register_function()'),
  library('lib', 'redis.register_function(1)'),
  library('lib', "redis.register_function('a')"),
  library('lib', "redis.register_function('a', 1)"),
  library('lib', `redis.register_function('a', ${NOTHING}, 1)`),
  library('lib', `redis.register_function('a b', ${NOTHING})`),
  library('lib', `redis.register_function('', ${NOTHING})`),
  library('lib', `redis.register_function({}, ${NOTHING})`),
  library('lib', `redis.register_function(true, ${NOTHING})`),
  library('lib', 'redis.register_function{}'),
  library('lib', "redis.register_function{function_name = 'x'}"),
  library('lib', `redis.register_function{callback = ${NOTHING}}`),
  library('lib', `redis.register_function{function_name = {}, callback = ${NOTHING}}`),
  library('lib', "redis.register_function{function_name = 'x', callback = 1}"),
  ...['foo = 1', '[1] = 1', '[{}] = 1', 'flags = 1', "flags = {'foo'}", 'flags = {1}'].map((more) =>
    library('lib', `redis.register_function{function_name = 'x', callback = ${NOTHING}, ${more}}`),
  ),
  library(
    'lib',
    `redis.register_function{function_name = 'x', callback = ${NOTHING}, description = {}}`,
  ),
  library(
    'lib',
    `redis.register_function('f1', ${NOTHING})`,
    `redis.register_function('f1', ${NOTHING})`,
  ),
]

/** In an order: what is loaded stays. */
export const LIBRARY_COMMANDS: readonly string[][] = [
  ...REFUSED,
  library('one', "redis.register_function('f1', function(k, a) return {k[1], a[1], #k, #a} end)"),
  library('one', `redis.register_function('f1', ${NOTHING})`),
  library('two', `redis.register_function('F1', ${NOTHING})`),
  library('ONE', "redis.register_function(5, function() return 'five' end)"),
  library(
    'rest',
    'local outer = redis.register_function',
    'local early = redis',
    'local count = {}',
    "outer('late', function() outer('z', function() end) end)",
    "outer('none', function() return redis.register_function('q', function() end) end)",
    "outer('set', function() return redis.call('set', 'a', 1) end)",
    "outer('raise', function() error('x') end)",
    "outer('table', function() error({err = 'x'}) end)",
    "outer('global', function() a = 1 end)",
    "outer('raw', function() rawset(_G, 'x', 1) end)",
    "outer('field', function() _G.x = 1 end)",
    "outer('keys', function() return {KEYS} end)",
    "outer('args', function(...) return select('#', ...) end)",
    "outer('os', function() return os.clock() end)",
    "outer('unknown', function() return redis.foo end)",
    "outer('same', function() return early == redis end)",
    "outer('count', function() count.n = (count.n or 0) + 1 return count.n end)",
    "outer('tail', function() return redis.call('incr', 'str') end)",
    "outer('names', function()",
    '  local t = {} for k in pairs(redis) do t[#t + 1] = k end',
    '  table.sort(t) return t end)',
    "outer('globals', function()",
    '  local t = {} for k in pairs(_G) do t[#t + 1] = k end',
    '  table.sort(t) return t end)',
    "outer('early', function()",
    '  local t = {} for k in pairs(early) do t[#t + 1] = k end',
    '  table.sort(t) return t end)',
  ),
  library(
    'flags',
    "redis.register_function{function_name = 'fixed', description = 'my own', callback =",
    "  function() return redis.pcall('set', 'a', 1) end, flags = {'no-writes', 'allow-oom'}}",
    "redis.register_function{function_name = 'map', callback = function() redis.setresp(3)",
    "  return redis.call('hgetall', 'h') end, flags = {'no-writes', 'allow-stale',",
    "  'no-cluster', 'allow-cross-slot-keys'}}",
  ),
  library(
    'quick',
    "local x = redis.log(redis.LOG_DEBUG, 'a') redis.register_function('q1',",
    `${NOTHING})`,
  ),
  ...['f1', 'F1', '5', 'late', 'none', 'set', 'raise', 'table', 'global', 'raw', 'field'].map(
    (name) => ['FCALL', name, '0'],
  ),
  ...['keys', 'args', 'os', 'unknown', 'same', 'count', 'count', 'tail', 'names'].map((name) => [
    ...['FCALL', name, '0', 'argument'],
  ]),
  ...['globals', 'early', 'fixed', 'map', 'nothing'].map((name) => ['FCALL', name, '1', 'key']),
  ...['f1', 'set', 'fixed', 'map', 'nothing'].map((name) => ['FCALL_RO', name, '1', 'key', 'a']),
  ['FCALL', 'f1'],
  ['FCALL', 'f1', 'x'],
  ['FCALL', 'f1', '-1'],
  ['FCALL', 'f1', '3', 'a'],
  ['FCALL', 'nothing', 'x'],
  ['EVAL', 'return redis.call("fcall", "f1", 0)', '0'],
  ['EVAL', 'return redis.call("function", "list")', '0'],
  ['EVAL', 'return redis.call("function", "help")', '0'],
  ['FUNCTION', 'LIST', 'LIBRARYNAME', 'qu*', 'WITHCODE'],
  ['FUNCTION', 'LIST', 'LIBRARYNAME', 'QUICK'],
  ['FUNCTION', 'LIST', 'FOO'],
  ['FUNCTION', 'LIST', 'LIBRARYNAME'],
  ['FUNCTION', 'LIST', 'WITHCODE', 'WITHCODE'],
  ['FUNCTION', 'LIST', 'LIBRARYNAME', 'a', 'LIBRARYNAME', 'b'],
  ['FUNCTION', 'STATS'],
  ['FUNCTION', 'DELETE', 'nothing'],
  ['FUNCTION', 'DELETE', 'REST'],
  ['FUNCTION', 'DELETE', 'rest'],
  ['FCALL', 'count', '0'],
  ['FUNCTION', 'LOAD', 'REPLACE', `#!lua name=one\nredis.register_function("f2", ${NOTHING})`],
  ['FCALL', 'f1', '0'],
  ['FCALL', 'f2', '0'],
  ['FUNCTION', 'LOAD', 'REPLACE', '#!lua name=one\nredis.register_function("fixed", 1)'],
  ['FCALL', 'f2', '0'],
  ['FUNCTION', 'KILL'],
  ['FUNCTION', 'FLUSH', 'x'],
  ['FUNCTION', 'FLUSH', 'SYNC', 'a'],
  ['FUNCTION', 'FLUSH', 'ASYNC'],
  ['FUNCTION', 'STATS'],
  ['FUNCTION', 'LIST'],
  ['FUNCTION', 'DUMP'],
  ['FUNCTION', 'RESTORE', 'x'],
  ['FUNCTION', 'RESTORE', 'x', 'FOO'],
  ['FUNCTION', 'RESTORE', 'x', 'FLUSH', 'x'],
  ['FUNCTION', 'HELP'],
  ['FUNCTION', 'FOO'],
  ['FUNCTION'],
  ['FUNCTION', 'LOAD'],
  ['FUNCTION', 'LOAD', 'FOO', 'x'],
  ['FUNCTION', 'LOAD', 'REPLACE'],
  ['FUNCTION', 'LOAD', 'REPLACE', 'a', 'b'],
]
