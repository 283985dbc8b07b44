// Which process a connection on this machine comes from (Linux): its port, its socket's number, its owner.
import { readdir, readFile, readlink } from 'node:fs/promises'

const established = '01'

// /proc/net/tcp: sl local remote state … inode; addresses in hexadecimal (proc(5)).
async function inodeOf(clientPort: number, proxyPort: number): Promise<string | undefined> {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0')
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n')
  for (const line of lines) {
    const [, local = '', remote = '', state, , , , , , inode] = line.trim().split(/\s+/)
    const isIt = local.endsWith(`:${hex(clientPort)}`) && remote.endsWith(`:${hex(proxyPort)}`)
    if (isIt && state === established) return inode
  }
  return undefined
}

async function holds(pid: number, inode: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const names = await readdir(folder).catch(() => [])
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
  return links.includes(`socket:[${inode}]`)
}

/** Says whether the client at this port of a loopback connection to the proxy is one of these processes. */
export async function isClientOf(pids: readonly number[], clientPort: number, proxyPort: number): Promise<boolean> {
  const inode = await inodeOf(clientPort, proxyPort)
  if (inode === undefined) return false
  for (const pid of pids) if (await holds(pid, inode)) return true
  return false
}
