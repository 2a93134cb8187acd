import { Worker } from 'node:worker_threads'
import t from 'tap'
import { ABI_VERSION, loadAddon } from '../../../dist/native/addon.js'

t.test('loadAddon()', async (t) => {
  await t.test('gives the same addon each time, with the interface of engine.ts', async (t) => {
    const addon = loadAddon()
    t.equal(loadAddon(), addon)
    t.equal(addon.abiVersion, ABI_VERSION)
    t.equal(addon.crc64(Buffer.from('123456789')), 0xe9c6d914c4b8d9can)
  })
  await t.test('works in worker threads, which come and go', async (t) => {
    const url = new URL('../../../dist/native/addon.js', import.meta.url)
    const code = `
      import('${url}').then(async ({ loadAddon }) => {
        const engine = new (loadAddon().Engine)({ databases: 1, hugePages: false })
        engine.stringSet(0, 'a', '1', 0, -1)
        const value = engine.stringGet(0, 'a', 0)
        let code = ''
        try { engine.stringIncrement(0, 'x', 1n << 62n); engine.stringIncrement(0, 'x', 1n << 62n) }
        catch (error) { code = error.message }
        await engine.close()
        require('node:worker_threads').parentPort.postMessage([value, code])
      })`
    for (let run = 0; run < 3; ++run) {
      const worker = new Worker(code, { eval: true, env: { NODE_OPTIONS: '' } })
      const message = await new Promise((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', reject)
      })
      t.strictSame(message, ['1', 'ERR increment or decrement would overflow'])
      await worker.terminate()
    }
  })
})
