// The sign-in: the people of the demonstration where there is one, and a form for everybody else.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Failure } from '../../api/failure.ts'
import { type Credential, fetchPersonas, signIn } from '../../api/session.ts'
import { Mark } from '../../app/Mark.tsx'
import { homeOf, safeNext } from '../../app/navigation.ts'
import { ColourSwitch, LanguageSwitch } from '../../app/Preferences.tsx'
import { announceSession, sessionKey, useRequest } from '../../app/session.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { PageTitle } from '../../components/PageTitle.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { OwnAccountLink } from './OwnAccountLink.tsx'
import { PasswordForm } from './PasswordForm.tsx'
import { PersonaList } from './PersonaList.tsx'
import styles from './SignIn.module.css'
import { signInText } from './text.ts'

function useSigningIn() {
  const request = useRequest()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { next } = useSearch({ from: '/sign-in' })
  return useMutation({
    mutationFn: (credential: Credential) => signIn(request, credential),
    onSuccess: async (session) => {
      queries.clear()
      queries.setQueryData(sessionKey, session)
      announceSession()
      await navigate({ href: safeNext(next) ?? homeOf(session.caller), replace: true })
    },
  })
}

function Refusal({ error }: { readonly error: unknown }) {
  const text = useText(signInText)
  const failure = error instanceof Failure ? error : undefined
  const words =
    failure?.kind === 'unauthenticated'
      ? text.wrong
      : failure?.kind === 'forbidden'
        ? text.passwordNeeded
        : failure?.kind === 'busy'
          ? fill(text.tooOften, { seconds: failure.retryAfterSeconds ?? 60 })
          : undefined
  if (words === undefined) return <FailurePanel error={error} />
  return (
    <p className={styles.refusal} role="alert">
      {words}
    </p>
  )
}

/** The screen. */
export function SignIn() {
  const text = useText(signInText)
  const request = useRequest()
  const people = useQuery({
    queryKey: ['personas'],
    queryFn: ({ signal }) => fetchPersonas(request, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const signingIn = useSigningIn()
  const isDemo = people.data?.demo === true
  return (
    <div className={styles.page}>
      <div className={styles.switches}>
        <LanguageSwitch />
        <ColourSwitch />
      </div>
      <main className={styles.card}>
        <header className={styles.head}>
          <Mark sizePx={44} />
          <div>
            <PageTitle tab={text.title}>{text.product}</PageTitle>
            <p className={styles.about}>{text.about}</p>
          </div>
        </header>
        {signingIn.error === null ? null : <Refusal error={signingIn.error} />}
        {people.error === null ? null : <FailurePanel error={people.error} onRetry={() => void people.refetch()} />}
        {people.isPending || isDemo ? (
          <PersonaList
            isBusy={signingIn.isPending}
            onChoose={(persona) => signingIn.mutate({ persona })}
            personas={people.data?.personas}
          />
        ) : null}
        {people.data?.oidc === true ? <OwnAccountLink /> : null}
        {people.data?.oidc === true && !isDemo ? null : (
          <PasswordForm
            isBusy={signingIn.isPending}
            isFolded={isDemo}
            onSubmit={(credential) => signingIn.mutate(credential)}
          />
        )}
      </main>
    </div>
  )
}
