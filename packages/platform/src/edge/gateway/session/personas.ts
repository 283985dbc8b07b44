// The people of the demo: who they are and what they may do. They exist only where the setting DEMO allows it.
import type { Role } from '../../../kernel/caller.ts'

/** A person who can sign in at the demo. */
export interface Persona {
  readonly username: string
  readonly name: string
  readonly roles: readonly Role[]
  /** Id of the Patient that bounds this person. */
  readonly patient?: string
  readonly actor?: string
}

/** The password of every demo person, printed at start; worth nothing where DEMO is off. */
export const demoPassword = 'apricot-grove'

/** The demo's people. */
export const personas: readonly Persona[] = Object.freeze([
  { username: 'dr-chen', name: 'Dr Chen Wei 陈伟', roles: ['clinician'], actor: 'Practitioner/dr-chen' },
  { username: 'dr-lin', name: 'Dr Lin Yue 林月', roles: ['radiologist'], actor: 'Practitioner/dr-lin' },
  { username: 'pharmacist-wu', name: 'Wu Min 吴敏', roles: ['pharmacist'], actor: 'Practitioner/pharmacist-wu' },
  {
    username: 'zhang-san',
    name: 'Zhang San 张三',
    roles: ['patient'],
    patient: 'zhang-san',
    actor: 'Patient/zhang-san',
  },
  { username: 'compliance-he', name: 'He Jing 何静', roles: ['compliance'] },
  { username: 'operator-sun', name: 'Sun Tao 孙涛', roles: ['operator'] },
  { username: 'data-scientist-guo', name: 'Guo Rui 郭睿', roles: ['data-scientist'] },
  { username: 'admin', name: 'Administrator 管理员', roles: ['admin'] },
])
