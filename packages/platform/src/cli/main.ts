// The command line `xinglin`: calls the chapter that was asked for, and turns expected failures into one clear sentence.
import { AppError } from '@xinglin/core/errors'
import { commandLine } from './commands.ts'

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
