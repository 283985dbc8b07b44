// The command line `xinglin`: calls the chapter that was asked for, and turns expected failures into one clear sentence.
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'

// What was stripped of its types and compiled once need not be again: half of a start. The cache lies with the installed
// packages, and is trusted as these are; where it cannot be written nothing is kept.
const installed = fileURLToPath(new URL('../../../../node_modules/', import.meta.url))
if (existsSync(installed)) enableCompileCache(`${installed}.cache/xinglin`)
const { commandLine } = await import('./commands.ts')

// A reader that has seen enough (`| head`) is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  await commandLine().parseAsync()
} catch (error) {
  if (!(error instanceof AppError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
