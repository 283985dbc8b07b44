// Makes the accounts of the demo's people, once, and says aloud that they are there.
import type { Ports } from '../../../kernel/ports.ts'
import { hashPassword } from './passwords.ts'
import { demoPassword, personas } from './personas.ts'
import { addAccount, demoUsernames } from './store.ts'

const loopback = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** Whether demo people may sign in: as set, else where the gateway listens on loopback only. */
export function isDemoOn({ demo, host }: { readonly demo: boolean | undefined; readonly host: string }): boolean {
  return demo ?? loopback.test(host)
}

/** Adds the demo accounts that are missing. */
export async function ensureDemoAccounts({ sql, log }: Pick<Ports, 'sql' | 'log'>): Promise<void> {
  const known = await demoUsernames(sql)
  const missing = personas.filter(({ username }) => !known.has(username))
  await Promise.all(
    missing.map(async (persona) => {
      await addAccount(sql, { ...persona, password: await hashPassword(demoPassword), isDemo: true })
    }),
  )
  log.warn('gateway.demo.on', {
    accounts: personas.length,
    about: 'anyone who reaches this port can sign in; set DEMO=false for real data',
  })
}
