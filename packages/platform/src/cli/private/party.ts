// A party of the demo as its orchestrator sees it: another process that is asked one thing at a time.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import type { PartyAnswer, PartyTask } from './party-process.ts'

/** A party. */
export interface Party {
  readonly name: string
  readonly pid: number
  /** @throws AppError 'unprocessable' with the party's own words */
  ask(task: PartyTask): Promise<PartyAnswer>
  close(): Promise<void>
}

const program = fileURLToPath(new URL('./party-process.ts', import.meta.url))

/** Starts the process of a party. */
export function openParty(name: string): Party {
  const child = fork(program, [], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  return {
    name,
    pid: child.pid ?? 0,
    async ask(task) {
      const ended = new AbortController()
      const onExit = (): void => ended.abort(new AppError('unavailable', `The process of ${name} ended`))
      child.once('exit', onExit)
      try {
        child.send(task)
        const [answer] = (await once(child, 'message', { signal: ended.signal })) as [PartyAnswer] // what it says
        if (answer.error !== undefined) throw new AppError('unprocessable', `${name}: ${answer.error}`)
        return answer
      } finally {
        child.off('exit', onExit)
      }
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}
