/**
 * The trial `scripts`: how many runs of a script a second, embedded and in redis-server.
 *
 * Measured is a run with all around it: here a call in the process that holds the data, there a
 * pipeline over a Unix socket, in which the runs wait in the server. So what is compared is what a
 * program gets, and not Lua alone, which is the same.
 *
 * @module
 */

import type { Driver } from '../drivers/driver.js'

export type ScriptName = 'counter' | 'mover' | 'arithmetic'

interface Trial {
  readonly code: string
  readonly keys: readonly string[]
  readonly args: readonly string[]
}

export const SCRIPTS: Readonly<Record<ScriptName, Trial>> = {
  /** A rate limiter: a count that expires. */
  counter: {
    code: `local n = redis.call('INCR', KEYS[1])
      if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
      return n`,
    keys: ['limit:{0}'],
    args: ['60000'],
  },
  /** A job from one list to another, with its fields packed and its event as JSON. */
  mover: {
    code: `local fields = cmsgpack.unpack(cmsgpack.pack({'send', ARGV[1]}))
      redis.call('LPUSH', KEYS[1], ARGV[2])
      local id = redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
      redis.call('HSET', KEYS[3], 'name', fields[1], 'data', cjson.encode({id = id, n = fields[2]}))
      redis.call('LTRIM', KEYS[2], 0, 99)
      return id`,
    keys: ['wait:{0}', 'active:{0}', 'job:{0}'],
    args: ['7', '17'],
  },
  /** No commands: Lua alone. */
  arithmetic: {
    code: 'local sum = 0 for i = 1, 1000 do sum = sum + i % 7 end return sum',
    keys: [],
    args: [],
  },
}

/** Runs a second. */
export async function measureScript(
  driver: Driver,
  dir: string,
  name: ScriptName,
  runs: number,
): Promise<number> {
  const { code, keys, args } = SCRIPTS[name]
  await driver.open(dir)
  const words = (index: number) => {
    const ours = keys.map((key) => key.replace('{0}', String(index % 1000)))
    return ['EVAL', code, String(keys.length), ...ours, ...args]
  }
  const batch = (count: number) => Array.from({ length: count }, (_, index) => words(index))
  await driver.run(batch(runs / 10))
  const commands = batch(runs)
  const startedAt = performance.now()
  await driver.run(commands)
  return runs / ((performance.now() - startedAt) / 1000)
}
