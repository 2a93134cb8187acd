/**
 * Which commands' replies are more in RESP3 than the arrays and strings of RESP2, and which of
 * their nulls RESP2 writes as that of an array.
 *
 * @module
 */

import { readBytes, readOption } from './args.js'
import type { CommandContext } from './context.js'
import type { Protocol, ShapeName } from './reply.js'

export type { Protocol, ShapeName }

/** The shape, or what tells it by the arguments of the command that has just run. */
export type ReplyShape =
  | ShapeName
  | ((context: CommandContext, protocol: Protocol) => ShapeName | null)

/** `scores` if argument `from` or a later one is WITHSCORES. */
function scoresFrom(from: (context: CommandContext) => number): ReplyShape {
  return (context, protocol) => {
    if (protocol === 2) return null
    for (let index = from(context); index < context.argc; ++index) {
      if (readOption(context, index) === 'WITHSCORES') return 'scores'
    }
    return null
  }
}

const RANGE_SCORES = scoresFrom(() => 4)
/** Behind the keys, one of which may have that name. */
const COMBINED_SCORES = scoresFrom((context) => 2 + Number(readBytes(context, 1)))

/** With a count its null is that of an array. */
const popped: ReplyShape = ({ argc }) => (argc > 2 ? 'array' : null)
const zpopped: ReplyShape = ({ argc }) => (argc > 2 ? 'scores' : 'score')

/** By the command's name in upper case, `CONTAINER|SUBCOMMAND` for a subcommand. */
export const REPLY_SHAPES: Readonly<Record<string, ReplyShape>> = {
  LCS: 'map',
  LPOP: popped,
  RPOP: popped,
  LMPOP: 'array',
  BLMPOP: 'array',
  BLPOP: 'array',
  BRPOP: 'array',
  BLMOVE: 'array',
  BRPOPLPUSH: 'array',
  HGETALL: 'map',
  HRANDFIELD: ({ argc }) => (argc > 3 ? 'pairs' : null),
  SMEMBERS: 'set',
  SINTER: 'set',
  SUNION: 'set',
  SDIFF: 'set',
  SPOP: 'set',
  ZADD: 'double',
  ZINCRBY: 'double',
  ZSCORE: 'double',
  ZMSCORE: 'doubles',
  ZRANGE: RANGE_SCORES,
  ZREVRANGE: RANGE_SCORES,
  ZRANGEBYSCORE: RANGE_SCORES,
  ZREVRANGEBYSCORE: RANGE_SCORES,
  ZUNION: COMBINED_SCORES,
  ZINTER: COMBINED_SCORES,
  ZDIFF: COMBINED_SCORES,
  ZRANDMEMBER: ({ argc }) => (argc > 3 ? 'scores' : null),
  ZPOPMIN: zpopped,
  ZPOPMAX: zpopped,
  BZPOPMIN: 'score',
  BZPOPMAX: 'score',
  ZMPOP: 'popped',
  BZMPOP: 'popped',
  GEOPOS: 'places',
  GEOSEARCH: 'found',
  GEORADIUS: 'found',
  GEORADIUS_RO: 'found',
  GEORADIUSBYMEMBER: 'found',
  GEORADIUSBYMEMBER_RO: 'found',
  XRANGE: 'array',
  XREVRANGE: 'array',
  XREAD: 'streams',
  XREADGROUP: 'streams',
  XPENDING: 'pending',
  'XINFO|STREAM': 'stream',
  'XINFO|GROUPS': 'maps',
  'XINFO|CONSUMERS': 'maps',
  'CONFIG|GET': 'map',
  'CLIENT|LIST': 'verbatim',
  'CLIENT|INFO': 'verbatim',
  'MEMORY|DOCTOR': 'verbatim',
  'MEMORY|MALLOC-STATS': 'verbatim',
  'LATENCY|DOCTOR': 'verbatim',
  'LATENCY|GRAPH': 'verbatim',
  'CLUSTER|INFO': 'verbatim',
  'CLUSTER|NODES': 'verbatim',
  INFO: 'verbatim',
  LOLWUT: 'verbatim',
}

interface Shaped {
  readonly shape: ReplyShape | null
}

/** The shape of the reply of the command that has just run in `context`, or null if it has none. */
export function shapeOf(
  { shape }: Shaped,
  context: CommandContext,
  protocol: Protocol,
): ShapeName | null {
  return typeof shape === 'function' ? shape(context, protocol) : shape
}
