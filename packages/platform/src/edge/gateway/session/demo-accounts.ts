// Makes the accounts of the demo's people, once, and says aloud that they are there.
import type { Ports } from '../../../kernel/ports.ts'
import { hashPassword } from './passwords.ts'
import { demoPassword, personas } from './personas.ts'
import { addAccount, demoUsernames } from './store.ts'

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
