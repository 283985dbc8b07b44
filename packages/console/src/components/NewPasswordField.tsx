// The field for a new password, as long as the identity service wants it (NIST SP 800-63B-4: 15 characters or more).
import { TextInput } from '@mantine/core'

interface NewPasswordFieldProps {
  readonly label: string
  /** Says how long it must be. */
  readonly hint: string
}

/** The field; a form reads it as `password`. */
export function NewPasswordField({ label, hint }: NewPasswordFieldProps) {
  return (
    <TextInput
      autoComplete="new-password"
      label={`${label} (${hint})`}
      maxLength={128}
      minLength={15}
      name="password"
      required
      type="password"
    />
  )
}
