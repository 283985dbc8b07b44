// The fields that say who a user is; shared by adding and changing.
import { TextInput } from '@mantine/core'
import type { User } from '../../api/accounts.ts'
import { shellText } from '../../app/text.ts'
import { Tick } from '../../components/Tick.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Accounts.module.css'
import { personRoles } from './account-view.ts'
import { accountsText } from './text.ts'

/** The fields, filled in with what is known of the user. */
export function UserFields({ user }: { readonly user?: User }) {
  const text = useText(accountsText)
  const shell = useText(shellText)
  return (
    <>
      <TextInput defaultValue={user?.name} label={text.name} maxLength={120} name="name" required />
      <TextInput defaultValue={user?.patient} label={text.patient} maxLength={64} name="patient" />
      <TextInput defaultValue={user?.actor} label={text.actor} maxLength={120} name="actor" />
      <fieldset className={`${styles.roles} ${styles.wide}`}>
        <legend>{text.roles}</legend>
        {personRoles.map((role) => (
          <Tick isTicked={user?.roles.includes(role) ?? false} key={role} name="roles" value={role}>
            {shell[`role.${role}`]}
          </Tick>
        ))}
      </fieldset>
    </>
  )
}
