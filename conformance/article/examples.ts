// Runs the programs under examples/ against the system under test, as a reader would.
import { fileURLToPath } from 'node:url'
import { type ArticleStage, needPython } from './scene.ts'

/** An example and what it must print. */
export interface Example {
  /** Below examples/, e.g. `privacy/risk-score.ts`; `.py` runs on the Python with the peers. */
  readonly path: string
  readonly role: string
  readonly prints: RegExp
}

/** Runs one; resolves with the line that was to be printed. @throws Error when it is not */
export async function runExample(stage: ArticleStage, { path, role, prints }: Example): Promise<string> {
  const file = fileURLToPath(new URL(`../../examples/${path}`, import.meta.url))
  const command = path.endsWith('.py') ? needPython(stage) : process.execPath
  const said = await stage.run({
    command,
    args: command === process.execPath ? ['--disable-warning=ExperimentalWarning', file] : [file],
    names: 'direct',
    env: {
      XINGLIN_URL: stage.system.gatewayUrl,
      XINGLIN_INFERENCE_URL: `http://127.0.0.1:${stage.port('INFERENCE_HTTP_PORT')}`,
      XINGLIN_TOKEN: await stage.token(role),
    },
    timeoutMs: 120_000,
  })
  const line = said.split('\n').find((one) => prints.test(one))
  if (line === undefined) throw new Error(`examples/${path} did not print ${prints}: ${said.slice(-600)}`)
  return `examples/${path}: ${line.trim().slice(0, 160)}`
}
