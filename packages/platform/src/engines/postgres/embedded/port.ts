// The loopback port of the embedded server: the wanted one, else that of the last run, else a free one.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { freePort, isPortFree } from '../../../kernel/free-port.ts'

const fileName = 'port'

async function lastPort(home: string): Promise<number | undefined> {
  const text = await readFile(join(home, fileName), 'utf8').catch(() => '')
  const port = Number(text)
  return Number.isInteger(port) && port > 0 && (await isPortFree(port)) ? port : undefined
}

/**
 * Chooses the port. Other processes of a split system hold the address of the last run, so that port is taken again.
 * @throws AppError 'unavailable' naming the setting when the wanted port is taken
 */
export async function choosePort(home: string, wanted: number | undefined): Promise<number> {
  if (wanted === undefined || wanted === 0) return (await lastPort(home)) ?? freePort()
  if (await isPortFree(wanted)) return wanted
  throw new AppError(
    'unavailable',
    `Port ${wanted} on 127.0.0.1 is taken by another program; stop it or set XINGLIN_POSTGRES_PORT to a free port`,
  )
}

/** Remembers the port for the next run. */
export async function rememberPort(home: string, port: number): Promise<void> {
  const path = join(home, fileName)
  await writeFile(`${path}.new`, String(port), { mode: 0o600 })
  await rename(`${path}.new`, path)
}
