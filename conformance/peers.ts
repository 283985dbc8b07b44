// The Python with the peers we are compared with (flwr, tenseal, tritonclient, shap, torch); never a need of the product.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const given = process.env['XINGLIN_PEERS_PYTHON'] ?? '/opt/peers/bin/python'

/** The interpreter; undefined where there is none. */
export const peersPython: string | undefined = existsSync(given) ? given : undefined

// A torch that was built for NumPy 1 finds one in a folder of its own beside the interpreter, if somebody put it there.
const numpy1 = join(dirname(dirname(given)), 'numpy1')

/** What the interpreter's environment needs on top: one thread, no telemetry, no bytecode in our folders. */
export const peersEnvironment: Readonly<Record<string, string>> = {
  PYTHONPATH: [numpy1, process.env['PYTHONPATH'] ?? ''].filter((part) => existsSync(part)).join(delimiter),
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONWARNINGS: 'ignore',
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  FLWR_TELEMETRY_ENABLED: '0',
}

/** The interpreter where it runs a statement such as `import flwr`; undefined where it does not, or where there is none. */
export function pythonThat(statement: string, more: Readonly<Record<string, string>> = {}): string | undefined {
  if (peersPython === undefined) return undefined
  const env = { ...peersEnvironment, ...more }
  const run = spawnSync(peersPython, ['-c', statement], { env, stdio: 'ignore', timeout: 120_000 })
  return run.status === 0 ? peersPython : undefined
}
