// The guard: holds the proxies and all other harm in a process of its own, and takes everything back when its owner ends, however it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { freemem } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { StressFault } from '../definitions/experiment.ts'
import { type FaultProxy, openFaultProxy } from '../faults/fault-proxy.ts'
import { advertise } from '../registrations/registrations.ts'
import { isClientOf } from './clients.ts'
import { signal, takeBack, thaw, writeJournal } from './journal.ts'
import type { Answer, Journal, NumberedOrder, Order } from './orders.ts'

const journalFolder = process.argv[2] ?? '.'
const stressProgram = fileURLToPath(new URL('./stress-process.ts', import.meta.url))
const partsEndMs = 30_000
const quietMs = 2000
const lingerMs = 20_000
/** A StressChaos may take this share of the free memory of the machine. */
const memoryShare = 0.5

const proxies = new Map<string, FaultProxy>()
const stress = new Map<string, readonly ChildProcess[]>()
const led = new Map<string, Journal['led'][number]>()
const frozen = new Set<number>()
const cleanings = new Map<string, readonly number[]>()

const keepJournal = (): Promise<void> =>
  writeJournal(journalFolder, { pid: process.pid, led: [...led.values()], frozen: [...frozen] })

function proxy(name: string): FaultProxy {
  const found = proxies.get(name)
  if (found === undefined) throw new Error(`There is no proxy ${name}`)
  return found
}

function startStress({ cpu, memory }: StressFault): readonly ChildProcess[] {
  const bytes = (memory?.workers ?? 0) * (memory?.bytes ?? 0)
  if (bytes > freemem() * memoryShare) {
    throw new Error(`${Math.round(bytes / 1e6)} MB are more than half of the free memory of this machine`)
  }
  const start = (kind: string, amount: number): ChildProcess => {
    const child = spawn(process.execPath, [stressProgram, kind, String(amount)], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    child.on('error', () => undefined)
    return child
  }
  return [
    ...Array.from({ length: cpu?.workers ?? 0 }, () => start('cpu', cpu?.share ?? 1)),
    ...Array.from({ length: memory?.workers ?? 0 }, () => start('memory', memory?.bytes ?? 0)),
  ]
}

async function lead({ registry, instance, name, isForGood }: Extract<Order, { kind: 'lead' }>): Promise<boolean> {
  if (isForGood) return advertise(registry, instance, proxy(name).port)
  led.set(instance.id, { registry, instance })
  await keepJournal()
  const isLed = await advertise(registry, instance, proxy(name).port)
  if (!isLed) led.delete(instance.id)
  return isLed
}

async function harm({ id, names, inbound, outbound, clients }: Extract<Order, { kind: 'harm' }>): Promise<void> {
  for (const name of names) {
    const target = proxy(name)
    const meets = clients === undefined ? {} : { meets: (port: number) => isClientOf(clients, port, target.port) }
    await target.add(id, { inbound, outbound, ...meets })
  }
}

function heal(id: string): void {
  for (const each of proxies.values()) each.remove(id)
  for (const child of stress.get(id) ?? []) child.kill('SIGKILL')
  stress.delete(id)
}

async function setFrozen(pids: readonly number[], isFrozen: boolean): Promise<void> {
  if (isFrozen) {
    for (const pid of pids) frozen.add(pid)
    await keepJournal()
    for (const pid of pids) signal(pid, 'SIGSTOP')
    return
  }
  thaw(pids)
  for (const pid of pids) frozen.delete(pid)
  await keepJournal()
}

function counts(): Readonly<Record<string, ReturnType<FaultProxy['counts']>>> {
  return Object.fromEntries([...proxies].map(([name, each]) => [name, each.counts()]))
}

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'open': {
      const opened = await openFaultProxy(order)
      proxies.set(order.name, opened)
      return opened.port
    }
    case 'close':
      await proxies.get(order.name)?.close()
      return proxies.delete(order.name)
    case 'lead':
      return lead(order)
    case 'harm':
      return harm(order)
    case 'heal':
      return heal(order.id)
    case 'refuse':
      return Promise.all(order.names.map((name) => proxy(name).setRefusing(order.isRefusing)))
    case 'freeze':
    case 'thaw':
      return setFrozen(order.pids, order.kind === 'freeze')
    case 'stress':
      return void stress.set(order.id, startStress(order.fault))
    case 'clean':
      return void cleanings.set(order.folder, [...(cleanings.get(order.folder) ?? []), ...order.pids])
    case 'counts':
      return counts()
    case 'end':
      return end()
    default:
      return order satisfies never
  }
}

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function clean([folder, pids]: readonly [string, readonly number[]]): Promise<void> {
  const until = Date.now() + partsEndMs
  while (pids.some(isThere) && Date.now() < until) await pause(100)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

// Callers that have been led back keep their open connections for a while; none is cut in the middle of an answer.
async function linger(): Promise<void> {
  const until = Date.now() + lingerMs
  for (let before = ''; Date.now() < until; ) {
    const now = JSON.stringify(counts())
    if (now === before) return
    before = now
    await pause(quietMs)
  }
}

// Faults first, so that what is put back can be reached at once.
async function end(): Promise<void> {
  for (const id of [...stress.keys()]) heal(id)
  for (const each of proxies.values()) await each.clear()
  const failures = await takeBack({ pid: process.pid, led: [...led.values()], frozen: [...frozen] })
  if (failures.length > 0) throw new Error(`Not put back: ${failures.join('; ')}`)
  led.clear()
  frozen.clear()
  await keepJournal()
}

process.on('message', (message: NumberedOrder) => {
  const { number, order } = message // from the parent, in our own words
  const answer = (rest: Omit<Answer, 'number'>): void => {
    if (process.connected) process.send?.({ number, ...rest })
  }
  obey(order).then(
    (result) => answer({ result: typeof result === 'object' && Array.isArray(result) ? undefined : result }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  )
})

async function leave(): Promise<void> {
  try {
    await end() // the journal keeps what cannot be put back
  } finally {
    await linger()
    await Promise.all([...cleanings].map(clean))
  }
}

process.once('disconnect', () => {
  leave().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
// Ctrl-C reaches the whole group: the owner decides when it is over.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
