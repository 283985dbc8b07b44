// An owner of a guard that has frozen a process and strained the machine; it tells the process ids and waits to be killed by its test.
import { spawn } from 'node:child_process'
import { startGuard } from '../guard/guard.ts'

const [journalFolder = '.', doomedFolder = '.'] = process.argv.slice(2)
const guard = startGuard(journalFolder)
const frozen = spawn('sleep', ['60'], { stdio: 'ignore' })
const pids = frozen.pid === undefined ? [] : [frozen.pid]
await guard.order({ kind: 'clean', folder: doomedFolder, pids: [] })
await guard.order({ kind: 'freeze', pids })
await guard.order({ kind: 'stress', id: 's', fault: { kind: 'stress', cpu: { workers: 1, share: 0.1 } } })
process.stdout.write(JSON.stringify({ guard: guard.pid, frozen: frozen.pid }))
setInterval(() => undefined, 1000)
