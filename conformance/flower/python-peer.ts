// Python with flwr and torch beside us; where it is absent, tests say how to get it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { peersEnvironment, peersPython, pythonThat } from '../peers.ts'

/** How to get the peer. */
export const howToGetFlower =
  'needs Python with flwr and torch: python3 -m venv peers; peers/bin/pip install flwr torch "numpy<2"; set XINGLIN_PEERS_PYTHON to peers/bin/python'

const python = peersPython ?? ''

function environment(more: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...peersEnvironment, ...more }
}

const script = (name: string): string => fileURLToPath(new URL(`python/${name}`, import.meta.url))

/** True where flwr and a torch that can talk to NumPy are there. */
export function hasFlower(): boolean {
  return pythonThat('import flwr, torch; torch.zeros(1).numpy()') !== undefined
}

/** Runs a script to its end with text on its standard input; gives what it printed. @throws Error when it fails */
export function runPython(name: string, input: string): string {
  const run = spawnSync(python, [script(name)], { env: environment({}), input, encoding: 'utf8', timeout: 120_000 })
  if (run.status !== 0) throw new Error(`${name} failed: ${run.stderr.slice(-2000)}`)
  return run.stdout
}

/** A script under way. */
export interface RunningPython {
  readonly child: ChildProcess
  /** Exit code, and what it printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>
}

/** Starts a script of this folder, or one elsewhere by its absolute path. */
export function startPython(words: readonly string[], more: Readonly<Record<string, string>> = {}): RunningPython {
  const [name = '', ...rest] = words
  const child = spawn(python, [script(name), ...rest], { env: environment(more), stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    text.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text.err += chunk.toString()
  })
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...text }))
  })
  return { child, ended }
}

/** Starts a client script, whatever server it names, against an address. */
export function startClient(
  address: string,
  clientScript: string,
  more: Readonly<Record<string, string>> = {},
): RunningPython {
  const path = clientScript.startsWith('/') ? clientScript : script(clientScript)
  return startPython(['launch.py', address, path], more)
}
