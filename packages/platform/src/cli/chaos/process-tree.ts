// All processes below one (Linux, macOS): a stopped parent must not leave children that go on without it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The process and everything it started, parents first. */
export async function processTree(root: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid='])
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const found = [root]
  for (const parent of found) found.push(...pairs.flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid] : [])))
  return found
}
