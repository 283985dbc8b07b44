// Runs the long proofs: chunk by chunk, kept after each, so that an interrupted run goes on where it was.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import { chaosProof } from './chaos.ts'
import { examplesProof } from './examples.ts'
import { fuzzProof } from './fuzz.ts'
import { killedReadingsProof } from './killed-readings.ts'
import { killsProof, unsafeKillsProof } from './kills.ts'
import type { Conclusion, Proof } from './proof.ts'
import { rollingProof } from './rolling.ts'
import { splitProof } from './split.ts'

/** A proof whose reports are only passed from `run` to `conclude`. */
type AnyProof = Pick<Proof<unknown>, 'name' | 'about' | 'chunks'> & {
  readonly play: (kept: readonly unknown[], keep: (report: unknown) => Promise<void>) => Promise<Conclusion>
}

function playable<Report>(proof: Proof<Report>): AnyProof {
  const say = (line: string): void => void process.stdout.write(`  ${line}\n`)
  return {
    ...proof,
    async play(kept, keep) {
      const reports = [...kept] as Report[] // written by this very proof
      for (let chunk = reports.length; chunk < proof.chunks; chunk += 1) {
        say(`part ${chunk + 1} of ${proof.chunks}`)
        const report = await proof.run(chunk, say)
        reports.push(report)
        await keep(report)
      }
      return proof.conclude(reports)
    },
  }
}

const proofs: readonly AnyProof[] = [
  playable(examplesProof),
  playable(killsProof),
  playable(unsafeKillsProof),
  playable(killedReadingsProof),
  playable(fuzzProof),
  playable(rollingProof),
  playable(splitProof),
  playable(chaosProof),
]
const resultFolder = fileURLToPath(new URL('./results/', import.meta.url))
const keptFolder = fileURLToPath(new URL('../.xinglin/proofs/', import.meta.url))

async function readKept(file: string): Promise<unknown[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]'
    throw error
  })
  return JSON.parse(text) as unknown[]
}

function machine() {
  const memoryGib = Math.round(totalmem() / 1024 ** 3)
  return {
    system: `${type()} ${release()}`,
    cores: cpus().length,
    cpu: cpus()[0]?.model,
    memoryGib,
    node: process.version,
  }
}

async function runOne(proof: AnyProof, isFresh: boolean): Promise<boolean> {
  process.stdout.write(`\n${proof.name}: ${proof.about}\n`)
  await mkdir(keptFolder, { recursive: true })
  const file = join(keptFolder, `${proof.name}.json`)
  if (isFresh) await rm(file, { force: true })
  const kept = await readKept(file)
  const keep = async (report: unknown): Promise<void> => {
    kept.push(report)
    await writeFile(`${file}.new`, JSON.stringify(kept))
    await rename(`${file}.new`, file)
  }
  const { ok, summary, figures } = await proof.play([...kept], keep)
  await rm(file, { force: true })
  await mkdir(resultFolder, { recursive: true })
  const result = { proof: proof.name, at: new Date().toISOString(), ok, summary, figures, machine: machine() }
  await writeFile(join(resultFolder, `${proof.name}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
  process.stdout.write(`${ok ? '✔' : '✘'} ${summary}\n`)
  return ok
}

/**
 * Runs all proofs or one, and writes their results to proofs/results; returns the exit code.
 * @throws AppError 'invalid-parameter' for a proof that does not exist
 */
export async function runProofs(part: string | undefined, isFresh: boolean): Promise<number> {
  const chosen = part === undefined ? proofs : proofs.filter(({ name }) => name === part)
  if (chosen.length === 0) {
    throw new AppError(
      'invalid-parameter',
      `There is no proof ${part}; there are ${proofs.map(({ name }) => name).join(', ')}`,
    )
  }
  let isGood = true
  for (const proof of chosen) isGood = (await runOne(proof, isFresh)) && isGood
  return isGood ? 0 : 1
}
