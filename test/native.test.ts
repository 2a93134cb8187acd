/**
 * Runs the native tests, which print TAP. What they test is under test/native.
 */

import { fileURLToPath } from 'node:url'
import t from 'tap'

const PROGRAM = fileURLToPath(new URL('../build/Release/snapfork_native_test', import.meta.url))

await t.spawn(PROGRAM, [], { timeout: 450_000 }, 'native layers')
