// Supervised children and the graceful stop.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { silentLogger } from '../testing/silent-logger.ts'
import { createShutdown } from './shutdown.ts'
import { type SupervisedOptions, superviseProcess } from './supervised-process.ts'

async function until(condition: () => boolean, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!condition()) {
    assert.ok(Date.now() < end, 'what was waited for did not come')
    await delay(10)
  }
}

const node = (program: string, extra: Partial<SupervisedOptions> = {}) =>
  superviseProcess({
    name: 'sample',
    command: process.execPath,
    args: ['--eval', program],
    log: silentLogger,
    firstBackOffMs: 10,
    checkEveryMs: 50,
    ...extra,
  })

const forever = 'setInterval(() => {}, 1000)'

test('restarts a child that was killed and leaves none behind after the stop', async () => {
  const child = node(forever)
  await child.start()
  const first = child.pid ?? 0
  process.kill(first, 'SIGKILL')
  await until(() => child.isReady && child.pid !== first)
  assert.equal(child.restarts, 1)
  const last = child.pid ?? 0
  await child.stop()
  assert.throws(() => process.kill(last, 0))
})

test('kills a child that ignores the request to stop', async () => {
  const child = node(`process.on('SIGTERM', () => {}); process.send('up'); ${forever}`, {
    hasChannel: true,
    stopGraceMs: 100,
    check: (running) => new Promise((resolve) => running.once('message', () => resolve())),
    checkEveryMs: 60_000,
  })
  await child.start()
  const pid = child.pid ?? 0
  await child.stop()
  assert.throws(() => process.kill(pid, 0))
})

test('kills and restarts a child that grows above its memory or fails its checks', async (context) => {
  if (process.platform !== 'linux') return context.skip('memory of children is read from /proc, which only Linux has')
  const greedy = node(`const all = []; setInterval(() => all.push(Buffer.alloc(20e6, 1)), 20)`, { memoryMb: 250 })
  await greedy.start()
  await until(() => greedy.restarts > 0)
  await greedy.stop()
  const health = { isWell: true }
  const ill = node(forever, {
    check: async () => {
      if (!health.isWell) throw new Error('ill')
    },
  })
  await ill.start()
  health.isWell = false
  await until(() => ill.pid === undefined)
  health.isWell = true
  await until(() => ill.restarts > 0 && ill.isReady)
  await ill.stop()
})

test('says so when a child cannot be started', async () => {
  await assert.rejects(node('process.exit(1)', { check: () => delay(1000) }).start(), AppError)
  await assert.rejects(node('', { command: '/does/not/exist' }).start(), AppError)
})

test('closes in reverse order, once, and goes on after a step that fails or hangs', async () => {
  const closed: string[] = []
  const stop = createShutdown({ log: silentLogger, deadlineMs: 100 })
  stop.add('sql', async () => void closed.push('sql'))
  stop.add('hangs', () => new Promise(() => undefined))
  stop.add('fails', () => Promise.reject(new Error('no')))
  stop.add('http', async () => void closed.push('http'))
  const [first, second] = await Promise.all([stop.run('test'), stop.run('again')])
  assert.deepEqual([closed, first, second], [['http', 'sql'], false, false])
})
