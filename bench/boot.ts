// How long the system takes to be ready (first and warm boot) and how much memory it holds when idle.
// Usage: node bench/boot.ts [--rounds 5]
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePorts, startSystem } from '../packages/platform/src/cli/system.ts'
import { measuredOn } from './target.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const settleMs = 5000

// Proportional set size: shared pages of PostgreSQL's processes are counted once.
async function memoryMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? Number.NaN) / 1024
}

function childrenOf(pid: number): readonly number[] {
  const text = execFileSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' })
  return text.trim().split(/\s+/).map(Number)
}

async function idleMemory(serverPid: number, postgresPid: number | undefined) {
  await delay(settleMs)
  const server = await memoryMb(serverPid)
  if (postgresPid === undefined) return { server: Math.round(server) }
  const parts = await Promise.all([postgresPid, ...childrenOf(postgresPid)].map(memoryMb))
  const postgres = parts.reduce((sum, mb) => sum + mb, 0)
  return { server: Math.round(server), postgres: Math.round(postgres), total: Math.round(server + postgres) }
}

const first: number[] = []
const warm: number[] = []
const memory: unknown[] = []
for (let round = 0; round < Number(values.rounds); round += 1) {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-boot-'))
  const settings = { ...(await freePorts()), LOG_LEVEL: 'error' }
  const fresh = await startSystem(folder, settings)
  first.push(Math.round(fresh.readyAfterMs))
  await fresh.stop()
  const again = await startSystem(folder, settings)
  warm.push(Math.round(again.readyAfterMs))
  if (round === 0) memory.push(await idleMemory(again.state.pid, again.state.postgresPid))
  await again.stop()
  await rm(folder, { recursive: true, force: true })
}
const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
console.log(
  JSON.stringify(
    {
      bench: 'boot',
      firstBootMs: { median: median(first), all: first },
      warmBootMs: { median: median(warm), all: warm },
      idleMemoryMb: memory[0],
      ...measuredOn(),
    },
    undefined,
    2,
  ),
)
