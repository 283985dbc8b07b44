// Load for a StressChaos: keeps a share of a core busy, or holds memory; ends with the guard that started it.
import { setTimeout as pause } from 'node:timers/promises'

const [kind, amount] = process.argv.slice(2)
const turnMs = 50
const pageBytes = 4096

process.once('disconnect', () => process.exit(0))
process.channel?.ref()

async function burn(share: number): Promise<never> {
  for (;;) {
    const until = performance.now() + turnMs * share
    while (performance.now() < until) Math.hypot(until, share)
    await pause(turnMs * (1 - share))
  }
}

// Pages that are never touched would take no memory.
function hold(bytes: number): void {
  const held = Buffer.allocUnsafe(bytes)
  const touch = (): void => {
    for (let at = 0; at < held.length; at += pageBytes) held[at] = (at + 1) & 0xff
  }
  touch()
  setInterval(touch, 1000)
}

if (kind === 'cpu') await burn(Number(amount))
else hold(Number(amount))
