// `xinglin private …`: keys, encryption and decryption on one's own machine, in files that PyPI tenseal reads too.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  aggregatePolicy,
  type CkksChoice,
  publicPartOf,
  readTensealContext,
  regressionChoice,
  release,
  tutorialChoice,
  writeTensealContext,
} from '@xinglin/core/ckks'
import { AppError } from '@xinglin/core/errors'
import { makeOwnKeys, openOwnContext } from './own-keys.ts'
import { secureUniform } from './secure-random.ts'

export { privateDemo } from './demo.ts'

/** Options of `xinglin private keys`. */
export interface KeysOptions {
  /** Parameters by name: `two-levels` (those of TenSEAL's tutorials) or `four-levels` (logistic regression). */
  readonly parameters: string
  readonly rotations: readonly number[]
  /** 3 for TenSEAL 0.3.18, 1 for 0.3.16. */
  readonly sealMinor: number
}

const choices: Readonly<Record<string, CkksChoice>> = { 'two-levels': tutorialChoice, 'four-levels': regressionChoice }

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function writeNew(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await writeFile(path, bytes, { mode, flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    const why =
      cause.code === 'EEXIST' ? 'is there already and is not overwritten' : `cannot be written (${cause.code})`
    throw new AppError('conflict', `${path} ${why}`, { cause })
  })
}

async function readWhole(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('not-found', `${path} cannot be read (${cause.code})`, { cause })
  })
  return new Uint8Array(bytes)
}

/** Makes keys into a folder: `secret.tenseal` stays there, `public.tenseal` is for everybody. */
export async function keys(folder: string, { parameters, rotations, sealMinor }: KeysOptions): Promise<void> {
  const choice = choices[parameters]
  if (choice === undefined) {
    throw new AppError(
      'invalid-parameter',
      `There are no parameters ${parameters}; choose ${Object.keys(choices).join(' or ')}`,
    )
  }
  const context = await makeOwnKeys(choice, rotations, sealMinor)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const [secret, shared] = [join(folder, 'secret.tenseal'), join(folder, 'public.tenseal')]
  await writeNew(secret, writeTensealContext(context), 0o600)
  await writeNew(shared, writeTensealContext(publicPartOf(context)), 0o644)
  say(`${secret}  keep it: whoever has it reads everything`)
  say(`${shared}  give it to data owners and to the server`)
}

/** Encrypts numbers with a context file into a new vector file. */
export async function encrypt(context: string, file: string, values: readonly number[]): Promise<void> {
  const opened = await openOwnContext(readTensealContext(await readWhole(context)))
  try {
    const bytes = opened.encrypt(values)
    await writeNew(file, bytes, 0o644)
    say(`${file}  ${values.length * 8} bytes of numbers became ${bytes.length}`)
  } finally {
    opened.close()
  }
}

/** Options of `xinglin private decrypt`. */
export interface DecryptOptions {
  /** How many people or hospitals went in; the values are flooded and rounded for being told to others. */
  readonly contributions: number | undefined
  readonly decimals: number
}

/** Decrypts a vector file with the key owner's own context file. */
export async function decrypt(secret: string, file: string, options: DecryptOptions): Promise<void> {
  const { contributions, decimals } = options
  const opened = await openOwnContext(readTensealContext(await readWhole(secret)))
  try {
    const values = opened.decrypt(await readWhole(file))
    if (contributions === undefined) {
      say(values.join(' '))
      process.stderr.write('For your eyes: do not pass these digits on, they tell of the key (use --release).\n')
      return
    }
    const policy = { ...aggregatePolicy, decimals, noise: 10 ** -decimals / 20 }
    say(release(values, contributions, policy, secureUniform).join(' '))
  } finally {
    opened.close()
  }
}
