// Debian's own Prometheus scrapes our /metrics, checks it as its own parser does, and answers queries over it.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../packages/platform/src/kernel/clock.ts'
import { freePort } from '../packages/platform/src/kernel/free-port.ts'
import { buildServiceApp } from '../packages/platform/src/kernel/http.ts'
import { createMetrics, createTelemetry, readSampler } from '../packages/platform/src/kernel/telemetry/index.ts'
import { silentLogger } from '../packages/platform/src/testing/silent-logger.ts'

function hasProgram(name: string): boolean {
  try {
    execFileSync('which', [name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const skip = hasProgram('prometheus') ? false : 'prometheus is not here; get it with: apt-get install prometheus'

interface QueryAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly value: readonly [number, string]
    }[]
  }
}

async function until<T>(work: () => Promise<T | undefined>, seconds: number): Promise<T> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await delay(200)) {
    const found = await work().catch(() => undefined)
    if (found !== undefined) return found
  }
  throw new Error(`It did not come within ${seconds} s`)
}

test('Prometheus takes what a service exposes and computes over it', { skip }, async () => {
  const metrics = createMetrics({ resource: { 'service.namespace': 'xinglin' } })
  const telemetry = createTelemetry({
    ...{ metrics, queueSize: 100, batchSize: 100, delayMs: 60_000 },
    sampler: readSampler('always_off', undefined),
  })
  const app = buildServiceApp({
    ...{ service: 'patient', log: silentLogger, clock: systemClock, telemetry },
    running: { routes: async (own) => void own.get('/ward/:id', { config: { public: true } }, () => ({ ok: true })) },
    verifyCaller: () => {
      throw new Error('nobody')
    },
  })
  const target = await app.listen({ host: '127.0.0.1', port: 0 })
  for (let count = 0; count < 7; count++) await fetch(`${target}/ward/${count}`)
  await fetch(`${target}/nowhere/"quoted\\`)
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-prometheus-'))
  const port = await freePort()
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'xinglin', static_configs: [{ targets: [new URL(target).host] }] }],
  }
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config)) // JSON is YAML
  const child = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  try {
    const ask = async (query: string): Promise<QueryAnswer['data']['result'] | undefined> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`)
      const { result } = ((await answer.json()) as QueryAnswer).data
      return result.length === 0 ? undefined : result
    }
    const [up] = await until(() => ask('up{job="xinglin"} == 1'), 40)
    assert.equal(up?.value[1], '1')
    const [count] = await until(() => ask('http_server_request_duration_seconds_count{http_route="/ward/:id"}'), 20)
    assert.equal(count?.value[1], '7')
    assert.equal(count?.metric['xinglin_service'], 'patient')
    const [p95] = await until(
      () => ask('histogram_quantile(0.95, http_server_request_duration_seconds_bucket{http_route="/ward/:id"})'),
      20,
    )
    assert.ok(Number(p95?.value[1]) > 0)
    const [runtime] = await until(() => ask('process_cpu_seconds_total'), 20)
    assert.ok(Number(runtime?.value[1]) > 0)
  } finally {
    child.kill('SIGTERM')
    await app.close()
    await telemetry.close()
    await delay(300)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})
