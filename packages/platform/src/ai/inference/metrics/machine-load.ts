// How busy the machine is: processors between two questions, memory now.
import { cpus, freemem, totalmem } from 'node:os'
import type { MachineLoad } from './metrics.ts'

interface Times {
  readonly busy: number
  readonly all: number
}

function timesNow(): Times {
  const times = cpus().map((cpu) => cpu.times)
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0)
  const idle = times.reduce((sum, one) => sum + one.idle, 0)
  return { busy: all - idle, all }
}

/** Creates the question; each answer is about the time since the one before. */
export function createMachineLoad(): () => MachineLoad {
  const state = { before: timesNow() }
  return () => {
    const now = timesNow()
    const span = now.all - state.before.all
    const cpuUtilization = span === 0 ? 0 : Math.round(((now.busy - state.before.busy) / span) * 10_000) / 10_000
    state.before = now
    return { cpuUtilization, memoryTotalBytes: totalmem(), memoryUsedBytes: totalmem() - freemem() }
  }
}
